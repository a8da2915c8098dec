import { Inject, Injectable } from '@nestjs/common';
import { isKubernetesError } from '@weir/kubernetes';
import type { Logger } from '@weir/platform';
import { LOGGER } from '../app/dependencies.ts';
import { readChange, type Change } from '../cluster/change.ts';
import { RevisionHistory } from '../cluster/revision-history.ts';
import type { RolloutObject } from '../cluster/rollout-object.ts';
import { SpecWriter, type DeploymentObject } from '../cluster/spec-writer.ts';
import type { RolloutKey } from '../http/parameters.ts';
import { Problem } from '../http/problem.ts';
import type { CommandOutcome } from './command-outcome.ts';
import type { ReadCommand } from './read-command.ts';
import { SpecChanges, type Changed } from './spec-changes.service.ts';
import { isWanted, templateToRestore, wantedRevision, type TemplateOwner } from './undo-target.ts';

interface Ref {
  readonly kind: string;
  readonly name: string;
}

/** `undo`: the pod template of an older revision is wanted again. It comes from the ReplicaSet of that revision. */
@Injectable()
export class UndoService {
  constructor(
    private readonly changes: SpecChanges,
    private readonly writer: SpecWriter,
    private readonly history: RevisionHistory,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  undo(key: RolloutKey, command: ReadCommand<'undo'>): Promise<CommandOutcome> {
    const { toRevision } = command.payload;
    return this.changes.give(
      'undo',
      key,
      command,
      (rollout, change, signal) => {
        const ref = (rollout.spec as { readonly workloadRef?: Ref }).workloadRef;
        return ref === undefined
          ? this.undoOwn(rollout, toRevision, change, signal)
          : this.undoReferenced(rollout, ref, toRevision, change, signal);
      },
      ({ revision }) => `the pod template of revision ${revision} is wanted again`,
    );
  }

  private async undoOwn(
    rollout: RolloutObject,
    toRevision: number | undefined,
    noted: Change,
    signal: AbortSignal,
  ): Promise<Changed> {
    const { template, change } = await this.choose({ rollout, owner: rollout }, toRevision, noted, signal);
    const written = await this.writer.replaceTemplate(rollout, template, change, signal);
    return { rollout: await this.adopted(written, signal), change };
  }

  /** The template is the Deployment's. It is changed first, and notes the command too, so that a repetition finds it. */
  private async undoReferenced(
    rollout: RolloutObject,
    { kind, name }: Ref,
    toRevision: number | undefined,
    noted: Change,
    signal: AbortSignal,
  ): Promise<Changed> {
    if (kind !== 'Deployment') {
      throw refused('NotSupported', `undo cannot change the ${kind} ${name} that workloadRef names: only a Deployment`);
    }
    const deployment = await this.writer.deployment(rollout.metadata.namespace ?? '', name, signal);
    if (deployment === undefined) {
      throw refused('WorkloadNotFound', `the Deployment ${name} that workloadRef names does not exist`);
    }
    const before = readChange(deployment);
    const isRepeated = noted.key !== undefined && before?.key === noted.key;
    const change = isRepeated ? before : await this.undoDeployment(rollout, deployment, toRevision, noted, signal);
    return { rollout: await this.writer.note(rollout, change, signal), change };
  }

  private async undoDeployment(
    rollout: RolloutObject,
    deployment: DeploymentObject,
    toRevision: number | undefined,
    noted: Change,
    signal: AbortSignal,
  ): Promise<Change> {
    const { template, change } = await this.choose({ rollout, owner: deployment }, toRevision, noted, signal);
    await this.writer.replaceDeploymentTemplate(deployment, template, change, signal);
    return change;
  }

  private async choose(
    owner: TemplateOwner,
    toRevision: number | undefined,
    noted: Change,
    signal: AbortSignal,
  ): Promise<{ readonly template: object; readonly change: Change }> {
    const wanted = wantedRevision(await this.history.of(owner.rollout, signal), toRevision);
    const template = templateToRestore(wanted);
    if (isWanted(wanted, template, owner)) {
      throw refused('SameTemplate', `the pod template is that of revision ${wanted.number} already`);
    }
    return { template, change: { ...noted, revision: wanted.number } };
  }

  /** The undo stands; what is left is for the next PUT, which does it too. */
  private async adopted(rollout: RolloutObject, signal: AbortSignal): Promise<RolloutObject> {
    try {
      return await this.writer.adoptTemplate(rollout, signal);
    } catch (error) {
      if (!isKubernetesError(error)) {
        throw error;
      }
      const { namespace, name } = rollout.metadata;
      this.logger.warn({ namespace, name, err: error }, 'the field managers were not put right after an undo');
      return rollout;
    }
  }
}

function refused(code: string, message: string): Problem {
  return new Problem('commandRefused', message, { members: { code } });
}
