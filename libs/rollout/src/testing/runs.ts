import type { RunWithPods } from '../pods.ts';
import { newRun, type Ending, type Run } from '../run.ts';
import type { Step, WorkloadSpec } from '../types.ts';
import type { Revision, Workload } from '../workload.ts';
import { pause, setWeight, specWithPods } from './specs.ts';

/** When the runs below are looked at. */
export const NOW_MS = Date.UTC(2026, 0, 1, 12);

/** The ReplicaSet of `v1`, `v2`, …, with as many pods as it is to have, all available. */
export function revision(hash: string, replicas = 4, more: Partial<Revision> = {}): Revision {
  const number = Number(hash.slice(1));
  return {
    hash,
    name: `app-${hash}`,
    number,
    createdAtMs: NOW_MS - (100 - number) * 60_000,
    replicas,
    pods: replicas,
    ready: replicas,
    available: replicas,
    resourceVersion: '1',
    ...more,
  };
}

interface Given extends Partial<Omit<Run, 'workload' | 'spec'>> {
  readonly steps?: readonly Step[];
  /** Fields of `spec` that are about the pods. */
  readonly workloadSpec?: Partial<WorkloadSpec>;
  readonly revisions?: readonly Revision[];
  readonly services?: Workload['services'];
  readonly referenced?: Workload['referenced'];
}

/** v1 is stable, v2 is tried and paused at 50 %, both Services point where they should. */
export function tryingRun(given: Given = {}): RunWithPods {
  const { steps = [setWeight(50), pause()], workloadSpec, revisions, services, referenced, ...more } = given;
  return {
    ...newRun(),
    stage: 'stepping',
    looked: true,
    uid: 'u',
    generation: 1,
    spec: specWithPods(steps, workloadSpec),
    revision: { stable: 'v1', canary: 'v2' },
    stepIndex: 1,
    stepRecords: [{ startedAtMs: NOW_MS, endedAtMs: NOW_MS }, { startedAtMs: NOW_MS }],
    intendedWeight: 50,
    writtenWeight: 50,
    canaryMappings: [{ stableName: 'app', name: 'app0-canary', weight: 50 }],
    canaryEndpointsReady: true,
    ...more,
    workload: {
      revisions: revisions ?? [revision('v1'), revision('v2', 2)],
      services: services ?? { stable: 'v1', canary: 'v2' },
      selector: 'app=app',
      ...(referenced && { referenced }),
    },
  };
}

const PROMOTED: Ending = { outcome: 'promoted', reason: 'RolloutCompleted', message: 'done' };
const ABORTED: Ending = { outcome: 'aborted', reason: 'RolloutAborted', message: 'aborted by ana' };

const NO_TRAFFIC = { intendedWeight: 0, writtenWeight: 0, canaryMappings: [], settlingSinceMs: NOW_MS } as const;

/** v2 was promoted, v1 has just lost its role. */
export function promotedRun(more: Given = {}): RunWithPods {
  return tryingRun({
    ...NO_TRAFFIC,
    stage: 'settling',
    promotion: 'cleanup',
    ending: PROMOTED,
    revisions: [revision('v1'), revision('v2')],
    services: { stable: 'v2', canary: 'v2' },
    ...more,
  });
}

/** v2 was aborted, and v1 has all traffic. */
export function abortedRun(more: Given = {}): RunWithPods {
  return tryingRun({
    ...NO_TRAFFIC,
    stage: 'settling',
    ending: ABORTED,
    services: { stable: 'v1', canary: 'v1' },
    ...more,
  });
}
