import { Inject, Injectable } from '@nestjs/common';
import {
  DEPLOYMENTS,
  ROLLOUTS,
  isKubernetesError,
  type KubernetesClient,
  type KubernetesObject,
  type Location,
} from '@weir/kubernetes';
import { USER_FIELD_MANAGER } from '@weir/rollout';
import { KUBERNETES } from '../app/dependencies.ts';
import { noted, type Change } from './change.ts';
import { overNewest } from './over-newest.ts';
import type { RolloutObject } from './rollout-object.ts';
import { withTemplateApplied } from './template-owner.ts';
import { templatePatch, unchanged } from './template-patch.ts';

/** A Deployment whose pod template a Rollout takes. */
export interface DeploymentObject extends KubernetesObject {
  readonly spec?: { readonly template?: unknown };
}

/**
 * Changes parts of a Rollout's spec for a person, as their field manager, and notes who did it in the same request. Writes over
 * what was read are refused with 409 when the object has moved on since.
 */
@Injectable()
export class SpecWriter {
  constructor(@Inject(KUBERNETES) private readonly kubernetes: KubernetesClient) {}

  /** The time of a restart, over what was read. */
  restart(rollout: RolloutObject, restartAt: string, change: Change, signal: AbortSignal): Promise<RolloutObject> {
    const { resourceVersion } = rollout.metadata;
    const body = { metadata: { resourceVersion, annotations: noted(change) }, spec: { restartAt } };
    return this.kubernetes.mergePatch<RolloutObject>(at(rollout), body, options(signal));
  }

  /** The whole pod template, over what was read. */
  replaceTemplate(
    rollout: RolloutObject,
    template: unknown,
    change: Change,
    signal: AbortSignal,
  ): Promise<RolloutObject> {
    const operations = templatePatch(rollout, template, change);
    return this.kubernetes.jsonPatch<RolloutObject>(at(rollout), operations, options(signal));
  }

  /**
   * Puts the field managers right after a PATCH of the pod template ({@link withTemplateApplied}).
   *
   * @throws KubernetesError when others keep on writing
   */
  adoptTemplate(rollout: RolloutObject, signal: AbortSignal): Promise<RolloutObject> {
    const readAgain = () => this.kubernetes.get<RolloutObject>(at(rollout), { signal });
    return overNewest(rollout, readAgain, async (current) => {
      const managedFields = withTemplateApplied(current.metadata.managedFields ?? []);
      if (managedFields === undefined) {
        return current;
      }
      const owners = { op: 'replace', path: '/metadata/managedFields', value: managedFields } as const;
      return this.kubernetes.jsonPatch<RolloutObject>(at(current), [unchanged(current), owners], options(signal));
    });
  }

  /** The Deployment, or undefined when there is none. */
  async deployment(namespace: string, name: string, signal: AbortSignal): Promise<DeploymentObject | undefined> {
    try {
      return await this.kubernetes.get<DeploymentObject>({ resource: DEPLOYMENTS, namespace, name }, { signal });
    } catch (error) {
      if (isKubernetesError(error, 'notFound')) {
        return undefined;
      }
      throw error;
    }
  }

  /** The whole pod template of a Deployment, over what was read. */
  async replaceDeploymentTemplate(
    deployment: DeploymentObject,
    template: unknown,
    change: Change,
    signal: AbortSignal,
  ): Promise<void> {
    const { namespace = '', name } = deployment.metadata;
    const operations = templatePatch(deployment, template, change);
    await this.kubernetes.jsonPatch({ resource: DEPLOYMENTS, namespace, name }, operations, options(signal));
  }

  /** Notes on the Rollout what was changed on an object that it refers to, whatever else was written meanwhile. */
  note(rollout: RolloutObject, change: Change, signal: AbortSignal): Promise<RolloutObject> {
    const body = { metadata: { annotations: noted(change) } };
    return this.kubernetes.mergePatch<RolloutObject>(at(rollout), body, options(signal));
  }
}

function at({ metadata: { namespace = '', name } }: RolloutObject): Location {
  return { resource: ROLLOUTS, namespace, name };
}

function options(signal: AbortSignal) {
  return { fieldManager: USER_FIELD_MANAGER, signal };
}
