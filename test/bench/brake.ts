import { canaryMappingName } from '@weir/rollout';
import type { TestCluster } from '../support/cluster.ts';
import type { ManifestStep } from '../support/objects.ts';
import type { Sample } from './figures.ts';
import { Fleet, namesOf } from './fleet.ts';
import { BRAKE, whenBusy } from './rows.ts';

const WEIGHT = 30;
/** Each of the busy Rollouts writes a weight every other second, for longer than the measurement takes. */
const BUSY_STEPS: readonly ManifestStep[] = Array.from({ length: 60 }, (_, index) => [
  { setWeight: 1 + (index % 50) },
  { pause: { duration: 2 } },
]).flat();

export interface BrakeCase {
  /** One at a time. */
  readonly aborts: number;
  /** Rollouts that go through their steps meanwhile. */
  readonly busy: number;
}

/** From an abort by REST to weight 0 on the canary Mapping, one at a time, with a bare PATCH before each. */
export async function measureBrake(cluster: TestCluster, brake: BrakeCase): Promise<readonly Sample[]> {
  const fleet = await Fleet.given(cluster);
  try {
    const names = namesOf('brake', brake.aborts);
    await fleet.pausedAt(names, WEIGHT);
    await fleet.start(namesOf('busy', brake.busy), BUSY_STEPS);
    const times = { braked: [] as number[], answered: [] as number[] };
    for (const name of names) {
      await fleet.bare.measure(1);
      const { brakedMs, answeredMs } = await abort(fleet, name);
      times.braked.push(brakedMs);
      times.answered.push(answeredMs);
    }
    const of = { when: whenBusy(brake.busy), side: 'weir', bare: fleet.bare.values } as const;
    return [
      { what: BRAKE.braked, ...of, values: times.braked },
      { what: BRAKE.answered, ...of, values: times.answered },
      fleet.bare.sample('weir', of.when),
    ];
  } finally {
    fleet.close();
  }
}

async function abort(fleet: Fleet, name: string): Promise<{ readonly brakedMs: number; readonly answeredMs: number }> {
  const sentAtMs = performance.now();
  const answer = async (): Promise<number> => {
    await fleet.request('POST', name, '/abort', { actor: 'bench' });
    return performance.now() - sentAtMs;
  };
  const [brakedAtMs, answeredMs] = await Promise.all([
    // Gone is as good: a run may have been quicker than the watch.
    fleet.clock.mapping(canaryMappingName(name), (now) => now === undefined || now.spec.weight === 0),
    answer(),
  ]);
  return { brakedMs: brakedAtMs - sentAtMs, answeredMs };
}
