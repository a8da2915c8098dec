import { canaryMappingName } from '@weir/rollout';
import type { TestCluster } from '../support/cluster.ts';
import { MAPPINGS, mapping, type ManifestStep } from '../support/objects.ts';
import { figureOf, type Figure } from './figures.ts';
import { Fleet, namesOf } from './fleet.ts';

const WEIGHT = 30;
const BARE = 'bare';
/** Each of the busy Rollouts writes a weight every other second, for longer than the measurement takes. */
const BUSY_STEPS: readonly ManifestStep[] = Array.from({ length: 60 }, (_, index) => [
  { setWeight: 1 + (index % 50) },
  { pause: { duration: 2 } },
]).flat();

/**
 * From an abort by REST to weight 0 on the canary Mapping, one at a time, beside the same time for a bare PATCH of another
 * Mapping in between.
 *
 * @param busy - Rollouts that go through their steps meanwhile
 */
export async function measureBrake(cluster: TestCluster, aborts: number, busy: number): Promise<readonly Figure[]> {
  const fleet = await Fleet.given(cluster);
  try {
    const names = namesOf('brake', aborts);
    await fleet.pausedAt(names, WEIGHT);
    await fleet.create(MAPPINGS, mapping(BARE, { prefix: `/${fleet.namespace}/${BARE}`, weight: 0 }));
    await fleet.start(namesOf('busy', busy), BUSY_STEPS);
    const braked: number[] = [];
    const answered: number[] = [];
    const bare: number[] = [];
    for (const [index, name] of names.entries()) {
      bare.push(await barePatch(fleet, 1 + (index % 50)));
      const { brakedMs, answeredMs } = await abort(fleet, name);
      braked.push(brakedMs);
      answered.push(answeredMs);
    }
    const when = busy === 0 ? 'idle' : `${busy} rollouts under way`;
    const patch = figureOf(`a bare PATCH, ${when}`, bare);
    const brake = figureOf(`abort to weight 0, ${when}`, braked);
    const ofBarePatch = brake.p50 / patch.p50;
    return [
      patch,
      { ...brake, ofBarePatch, goal: { text: 'within 2 bare PATCHes at p50', isMet: ofBarePatch <= 2 } },
      { ...figureOf(`abort to its answer, ${when}`, answered) },
    ];
  } finally {
    fleet.close();
  }
}

async function abort(fleet: Fleet, name: string): Promise<{ readonly brakedMs: number; readonly answeredMs: number }> {
  // Gone is as good: a run may have been quicker than the watch.
  const braked = fleet.clock.mapping(canaryMappingName(name), (now) => now === undefined || now.spec.weight === 0);
  const sentAtMs = performance.now();
  await fleet.request('POST', name, '/abort', { actor: 'bench' });
  const answeredMs = performance.now() - sentAtMs;
  return { brakedMs: (await braked) - sentAtMs, answeredMs };
}

async function barePatch(fleet: Fleet, weight: number): Promise<number> {
  const written = fleet.clock.mapping(BARE, (now) => now?.spec.weight === weight);
  const sentAtMs = performance.now();
  await fleet.patch(BARE, { spec: { weight } });
  return (await written) - sentAtMs;
}
