import type { RunRef } from '@weir/contract';
import { assertNever, newRevisionLooks, wantedHash, type ActivityAction, type Run } from '@weir/rollout';
import { pointed, pointing, type Performed } from './ahead.ts';
import { decisive, interruptible, upkeep } from './activities.ts';

/** The actions about pods and the Services that select them. */
type PodAction = Extract<
  ActivityAction,
  {
    kind: 'scaleReplicaSets' | 'pointServices' | 'restartPods' | 'trimRevisions' | 'scaleReferenced' | 'labelPods';
  }
>;

/**
 * Like `perform`, for a Rollout whose pods are Weir's. An abort does not wait for a scaling: one that lands late is heard of like any
 * other news of pods, and its resourceVersion keeps it from undoing a newer one.
 */
export async function performOnPods(action: PodAction, run: Run, ref: RunRef, isLean: boolean): Promise<Performed> {
  const uid = run.uid ?? '';
  switch (action.kind) {
    case 'scaleReplicaSets': {
      const { targets } = action;
      const summary = targets.map((one) => `${one.podTemplateHash}: ${one.replicas} pods`).join(', ');
      const input = {
        ...ref,
        uid,
        wanted: wantedHash(run),
        targets,
        ...((run.stage === 'settling' || run.stage === 'retreating') && ({ persistent: true } as const)),
        ...newRevisionLooks(run),
      };
      const scaled = await interruptible.scaleReplicaSets.executeWithOptions({ summary }, [input]);
      const missing = targets
        .map(({ podTemplateHash }) => podTemplateHash)
        .filter((wanted) => scaled.revisions.every(({ hash }) => hash !== wanted));
      return { kind: 'replicaSetsScaled', ...scaled, missing };
    }
    case 'pointServices': {
      const { summary, input } = pointing(action, run, ref, isLean);
      return pointed(action, run, await decisive.pointServices.executeWithOptions({ summary }, [input]));
    }
    case 'restartPods': {
      const { beforeMs, atMost } = action;
      const summary = `restart pods older than ${new Date(beforeMs).toISOString()}`;
      const restarted = await upkeep.restartPods.executeWithOptions({ summary }, [{ ...ref, uid, beforeMs, atMost }]);
      return { kind: 'podsRestarted', ...restarted };
    }
    case 'trimRevisions': {
      const { names } = action;
      await upkeep.trimRevisions.executeWithOptions({ summary: `forget ${names.join(', ')}` }, [
        { ...ref, uid, names },
      ]);
      return { kind: 'revisionsTrimmed', names };
    }
    case 'scaleReferenced': {
      const { name, replicas } = action;
      await upkeep.scaleReferenced.executeWithOptions({ summary: `Deployment ${name}: ${replicas} pods` }, [
        { ...ref, name, replicas },
      ]);
      return { kind: 'referencedScaled', replicas };
    }
    case 'labelPods': {
      const { revisions } = action;
      await upkeep.labelPods.executeWithOptions({ summary: 'pods carry the metadata of their role' }, [
        { ...ref, uid, revisions },
      ]);
      return { kind: 'podsLabelled', revisions };
    }
    default:
      return assertNever(action);
  }
}

const UPKEEP: readonly ActivityAction['kind'][] = ['restartPods', 'scaleReferenced', 'labelPods', 'trimRevisions'];

/** Whether an action is about nothing that traffic depends on. */
export function isUpkeep({ kind }: ActivityAction): boolean {
  return UPKEEP.includes(kind);
}
