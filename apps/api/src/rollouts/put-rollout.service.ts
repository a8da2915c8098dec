import { Injectable } from '@nestjs/common';
import { isKubernetesError } from '@weir/kubernetes';
import type { RolloutRef, RolloutSpec } from '@weir/rollout';
import { parseSpec } from '@weir/rollout/manifest';
import { applyProblem, isConflictWithOurselves, refuseDeleting, refuseForeign } from '../cluster/apply-problems.ts';
import { ClusterIdentity } from '../cluster/cluster-identity.ts';
import type { RolloutObject } from '../cluster/rollout-object.ts';
import { RolloutStore, kubernetesDeadline, type AppliedRollout } from '../cluster/rollout-store.ts';
import { SpecWriter } from '../cluster/spec-writer.ts';
import { TemplateCheck } from '../cluster/template-check.ts';
import type { RawBody } from '../http/body.ts';
import { fromKubernetes, fromTemporal } from '../http/dependency-problems.ts';
import type { RolloutKey } from '../http/parameters.ts';
import type { Plan } from '../plan/plan.schemas.ts';
import { PlanService } from '../plan/plan.service.ts';
import { NewestRun } from '../runs/newest-run.ts';
import type { PutQuery, RolloutView } from './rollout.schemas.ts';
import { rolloutView } from './rollout-view.ts';
import { isTemporalFault } from '../temporal/temporal-fault.ts';
import { leftToScaler, type LeftToScaler } from './left-to-scaler.ts';
import { adopting, invalidManifest, readManifest, type WantedRollout } from './read-manifest.ts';
import { RunTeller } from './run-teller.ts';

export type PutAnswer = { readonly created: boolean; readonly rollout: RolloutView } | { readonly plan: Plan };

/** Stored, then told (design): the Rollout is written first, and then its run is told, whatever came out. */
@Injectable()
export class PutRollout {
  constructor(
    private readonly cluster: ClusterIdentity,
    private readonly store: RolloutStore,
    private readonly writer: SpecWriter,
    private readonly templates: TemplateCheck,
    private readonly teller: RunTeller,
    private readonly newestRun: NewestRun,
    private readonly plans: PlanService,
  ) {}

  async put(key: RolloutKey, query: PutQuery, body: RawBody | undefined): Promise<PutAnswer> {
    const read = readManifest(body, key);
    const wanted = query.adopt ? adopting(read) : read;
    const signal = kubernetesDeadline();
    const { ref, existing } = await this.look(key, wanted, signal);
    const { rollout, warnings } = leftToScaler(wanted.rollout, existing, query.force);
    const stored = await this.apply(rollout, existing, query, signal);
    if (query.dryRun) {
      const plan = await this.plan(ref, asNew(stored, existing), specOf(stored, wanted), signal);
      return { plan: { ...plan, ...said([...warnings, ...(plan.warnings ?? [])]) } };
    }
    await this.teller.tell(ref, stored, stored.metadata.generation !== existing?.metadata.generation);
    const run = await this.newestRun.of(ref);
    return { created: existing === undefined, rollout: { ...rolloutView(stored, run, Date.now()), ...said(warnings) } };
  }

  /** Everything that can refuse or fail before a byte is written. */
  private async look(
    key: RolloutKey,
    { rollout: { spec } }: WantedRollout,
    signal: AbortSignal,
  ): Promise<{ readonly ref: RolloutRef; readonly existing: RolloutObject | undefined }> {
    try {
      const ref = await this.cluster.ref(key, signal);
      const existing = await this.store.find(key, signal);
      const refusal = existing && (refuseForeign(existing) ?? refuseDeleting(existing));
      if (refusal) {
        throw refusal;
      }
      const errors = spec.template ? await this.templates.errorsOf(key.namespace, spec.template, signal) : [];
      if (errors.length > 0) {
        throw invalidManifest(errors);
      }
      return { ref, existing };
    } catch (error) {
      throw isKubernetesError(error)
        ? fromKubernetes(error, 'nothing was stored and nothing was started', { stored: false, started: false })
        : error;
    }
  }

  private async plan(ref: RolloutRef, stored: RolloutObject, spec: RolloutSpec, signal: AbortSignal): Promise<Plan> {
    try {
      return await this.plans.plan(ref, stored, spec, signal);
    } catch (error) {
      const effect = ['a dry run stores nothing and starts nothing', { stored: false, started: false }] as const;
      throw isTemporalFault(error)
        ? fromTemporal(error, ...effect)
        : isKubernetesError(error)
          ? fromKubernetes(error, ...effect)
          : error;
    }
  }

  private async apply(
    rollout: AppliedRollout,
    existing: RolloutObject | undefined,
    query: PutQuery,
    signal: AbortSignal,
  ): Promise<RolloutObject> {
    try {
      if (existing !== undefined && !query.dryRun) {
        // An undo that did not get to its end; else there is nothing to do, and nothing is sent.
        await this.writer.adoptTemplate(existing, signal);
      }
      return await this.store.apply(rollout, query, signal);
    } catch (error) {
      if (!isKubernetesError(error)) {
        throw error;
      }
      if (isConflictWithOurselves(error)) {
        return this.apply(rollout, undefined, { ...query, force: true }, signal);
      }
      throw applyProblem(error);
    }
  }
}

function said(warnings: LeftToScaler['warnings']): Pick<RolloutView, 'warnings'> {
  return warnings.length === 0 ? {} : { warnings: [...warnings] };
}

/** As it is stored: somebody else may own a part of it. */
function specOf(stored: RolloutObject, wanted: WantedRollout): RolloutSpec {
  const parsed = parseSpec(stored.spec, stored.metadata.annotations);
  return parsed.ok ? parsed.spec : wanted.spec;
}

/** What the API server made up for a dry run of a new object would be another thing next time. */
function asNew(stored: RolloutObject, existing: RolloutObject | undefined): RolloutObject {
  if (existing !== undefined) {
    return stored;
  }
  const { uid: _uid, creationTimestamp: _created, resourceVersion: _version, ...metadata } = stored.metadata;
  return { ...stored, metadata: { ...metadata, uid: '<known when it is stored>' } };
}
