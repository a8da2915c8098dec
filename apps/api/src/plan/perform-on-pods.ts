import { assertNever, evolve, type ActivityAction } from '@weir/rollout';
import type { Performed } from './perform.ts';
import type { PlanInput } from './plan-input.ts';
import * as planned from './planned-pods.ts';
import { sizesAfter } from './planned-revisions.ts';
import type { Run } from '@weir/rollout';

/** The actions about pods and the Services that select them. */
export type PodAction = Extract<
  ActivityAction,
  { kind: 'scaleReplicaSets' | 'pointServices' | 'restartPods' | 'trimRevisions' | 'scaleReferenced' | 'labelPods' }
>;

/** Like `perform`, where the pods are Weir's. They are available at once. */
export function performOnPods(action: PodAction, run: Run, input: PlanInput, nowMs: number): Performed {
  switch (action.kind) {
    case 'scaleReplicaSets': {
      const sizes = sizesAfter(run, input.rollout.metadata.name, action.targets, nowMs);
      const revisions = sizes.map(({ after }) => after);
      return {
        run: evolve(run, { kind: 'replicaSetsScaled', revisions, scalings: [] }, nowMs),
        writes: planned.replicaSets(input, run, sizes, nowMs),
      };
    }
    case 'pointServices': {
      const { services } = action;
      const pointed = evolve(run, { kind: 'servicesPointed', services }, nowMs);
      return { run: pointed, writes: planned.services(input, run, services) };
    }
    case 'restartPods': {
      const restarted = evolve(run, { kind: 'podsRestarted', left: 0, evicted: 0 }, nowMs);
      return { run: restarted, writes: planned.evictions(input, run, action.beforeMs) };
    }
    case 'trimRevisions': {
      const { names } = action;
      const trimmed = evolve(run, { kind: 'revisionsTrimmed', names }, nowMs);
      return { run: trimmed, writes: planned.trimmed(input, run, names) };
    }
    case 'scaleReferenced': {
      const { name, replicas } = action;
      const scaled = evolve(run, { kind: 'referencedScaled', replicas }, nowMs);
      return { run: scaled, writes: planned.referenced(input, run, name, replicas) };
    }
    case 'labelPods': {
      const { revisions } = action;
      const labelled = evolve(run, { kind: 'podsLabelled', revisions }, nowMs);
      return { run: labelled, writes: planned.labelled(input, run, revisions) };
    }
    default:
      return assertNever(action);
  }
}
