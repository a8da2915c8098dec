import { canaryMappingName } from '@weir/rollout';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestCluster } from '../support/cluster.ts';
import type { Sample } from './figures.ts';
import { Fleet, namesOf } from './fleet.ts';
import { DRIFT } from './rows.ts';

const WEIGHT = 30;
/** Enough that no Rollout is edited so often that Weir takes it for a fight. */
const ROLLOUTS = 10;
const LONGEST_WAIT_MS = 500;
/** So seldom that a bare PATCH is an eighth of what happens. */
const EDITS_A_BARE_PATCH = 8;

/** From an edit that the API server took to the write that puts it right, at random moments. */
export async function measureDrift(cluster: TestCluster, edits: number): Promise<readonly Sample[]> {
  const fleet = await Fleet.given(cluster);
  try {
    const names = namesOf('drift', ROLLOUTS);
    await fleet.pausedAt(names, WEIGHT);
    const times = { edited: [] as number[], deleted: [] as number[], carried: [] as number[] };
    for (let index = 0; index < edits; index++) {
      if (index % EDITS_A_BARE_PATCH === 0) {
        await fleet.bare.measure(1);
      }
      await delay(Math.random() * LONGEST_WAIT_MS);
      const name = names[index % names.length] ?? '';
      const kind = (['edited', 'edited', 'carried', 'deleted'] as const)[index % 4] ?? 'edited';
      times[kind].push(await EDITS[kind](fleet, name, index));
    }
    const of = { when: 'at random moments', side: 'weir', bare: fleet.bare.values } as const;
    return [
      { what: DRIFT.all, ...of, values: Object.values(times).flat() },
      ...(['edited', 'deleted', 'carried'] as const).map((kind) => ({ what: DRIFT[kind], ...of, values: times[kind] })),
      fleet.bare.sample('weir', of.when),
    ];
  } finally {
    fleet.close();
  }
}

type Edit = (fleet: Fleet, name: string, index: number) => Promise<number>;

const EDITS: Readonly<Record<'edited' | 'deleted' | 'carried', Edit>> = {
  edited: async (fleet, name) => {
    const canary = canaryMappingName(name);
    await fleet.patch(canary, { spec: { weight: 90 } }, 'kubectl-edit');
    return since(fleet.clock.mapping(canary, (now) => now?.spec.weight === WEIGHT));
  },
  deleted: async (fleet, name) => {
    const canary = canaryMappingName(name);
    await fleet.delete(canary);
    return since(fleet.clock.mapping(canary, (now) => now?.spec.weight === WEIGHT));
  },
  carried: async (fleet, name, index) => {
    const timeoutMs = 1_000 + index;
    const carried = fleet.clock.mapping(canaryMappingName(name), (now) => now?.spec['timeout_ms'] === timeoutMs);
    await fleet.patch(name, { spec: { timeout_ms: timeoutMs } }, 'helm');
    return since(carried);
  },
};

async function since(repairedAtMs: Promise<number>): Promise<number> {
  const editedAtMs = performance.now();
  return Math.max(0, (await repairedAtMs) - editedAtMs);
}
