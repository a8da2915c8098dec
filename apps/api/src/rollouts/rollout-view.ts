import {
  CHANGE_ANNOTATION,
  ORDER_ANNOTATION,
  ROLLOUT_API_VERSION,
  ROLLOUT_KIND,
  RUN_ANNOTATION,
  describeStep,
  type Step,
} from '@weir/rollout';
import { parseSpec } from '@weir/rollout/manifest';
import { readChange } from '../cluster/change.ts';
import {
  readRunNote,
  readStatus,
  type ReadStatus,
  type RolloutObject,
  type RunNote,
} from '../cluster/rollout-object.ts';
import { replicasOf, revisionsOf } from './pods-view.ts';
import type { Phase, RolloutSummary, RolloutView, RunView } from './rollout.schemas.ts';

/** Where a Rollout stands, from the object alone. Pure. */
export function rolloutSummary(object: RolloutObject, nowMs: number): RolloutSummary {
  const { metadata } = object;
  const status = readStatus(object);
  const note = readRunNote(object);
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid ?? '',
    generation: metadata.generation ?? 0,
    deleting: metadata.deletionTimestamp !== undefined,
    ...phaseOf(object, status),
    step: stepOf(object, status.currentStepIndex ?? 0),
    weight: weightOf(status, note),
    served: note.served ?? null,
    replicas: replicasOf(object, status),
    revisions: revisionsOf(object, status, note),
    pause: pauseOf(note, nowMs),
    held: note.held ? { actor: note.held.actor, reason: note.held.reason ?? null } : null,
    outcome: note.outcome ?? null,
    reason: note.reason ?? null,
  };
}

/** @param run - undefined when Temporal could not be asked */
export function rolloutView(object: RolloutObject, run: RunView | null | undefined, nowMs: number): RolloutView {
  const { metadata, spec } = object;
  const notes: readonly string[] = [RUN_ANNOTATION, CHANGE_ANNOTATION, ORDER_ANNOTATION];
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([key]) => !notes.includes(key));
  return {
    ...rolloutSummary(object, nowMs),
    change: changeOf(object),
    conditions: readStatus(object).conditions ?? [],
    run: run ?? null,
    ...(run === undefined && { runUnavailable: true }),
    manifest: {
      apiVersion: ROLLOUT_API_VERSION,
      kind: ROLLOUT_KIND,
      metadata: {
        name: metadata.name,
        namespace: metadata.namespace ?? '',
        labels: { ...metadata.labels },
        annotations: Object.fromEntries(annotations),
      },
      spec,
    },
  };
}

function phaseOf({ metadata }: RolloutObject, status: ReadStatus): { phase: Phase; message: string } {
  if (metadata.deletionTimestamp !== undefined) {
    const message = status.phase === 'Progressing' ? status.message : undefined;
    return { phase: 'Progressing', message: message ?? 'the Rollout is being deleted' };
  }
  const observed = status.observedGeneration ?? 0;
  const generation = metadata.generation ?? 0;
  if (status.phase === undefined || observed < generation) {
    return { phase: 'Progressing', message: `generation ${generation} has not been taken up yet` };
  }
  return { phase: status.phase, message: status.message ?? '' };
}

function stepOf({ spec, metadata }: RolloutObject, index: number): RolloutSummary['step'] {
  const parsed = parseSpec(spec, metadata.annotations);
  const steps: readonly Step[] = parsed.ok ? parsed.spec.steps : [];
  const step = steps[index];
  return { index, count: steps.length, description: step === undefined ? null : describeStep(step) };
}

function weightOf(status: ReadStatus, note: Partial<RunNote>): RolloutSummary['weight'] {
  const written = status.canary?.weights.canary.weight ?? 0;
  return { intended: written, written, ...note.weight, served: note.weight?.served ?? null };
}

function changeOf(object: RolloutObject): RolloutView['change'] {
  const change = readChange(object);
  return change === undefined
    ? null
    : { command: change.command, actor: change.actor, reason: change.reason ?? null, at: change.at };
}

function pauseOf({ pause }: Partial<RunNote>, nowMs: number): RolloutSummary['pause'] {
  if (pause === undefined) {
    return null;
  }
  const { startedAt, deadline = null } = pause;
  const leftMs = deadline === null ? Number.NaN : Date.parse(deadline) - nowMs;
  return {
    startedAt,
    deadline,
    remainingSeconds: Number.isNaN(leftMs) ? null : Math.max(0, Math.ceil(leftMs / 1_000)),
  };
}
