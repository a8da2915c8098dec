import { beforeEach, describe, expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { CommandPayload, SpecChanged, SweepReport } from '@weir/contract';
import { KubernetesError, type KubernetesClient, type ListOptions, type Location } from '@weir/kubernetes';
import { canaryMapping } from '@weir/mapping';
import type { RolloutRef } from '@weir/rollout';
import type { MappingObject } from './objects.ts';
import { sweepCanaryMappings } from './sweep-canary-mappings.ts';

const INSTALLATION = 'namespace-id/weir';

/** The canary Mapping that the run of a Rollout has made; `change` is what is otherwise about it. */
function canaryOf(
  rollout: string,
  change: { readonly mapping?: string; readonly owner?: object; readonly metadata?: object } = {},
): MappingObject {
  const { mapping = rollout } = change;
  const stable = {
    apiVersion: 'getambassador.io/v3alpha1',
    kind: 'Mapping',
    metadata: { name: mapping, namespace: 'ns' },
    spec: { prefix: '/', service: 'stable' },
  };
  const made = canaryMapping(stable, {
    canaryService: 'canary',
    owner: {
      installation: INSTALLATION,
      workflowId: `rollout/c/ns/${rollout}`,
      runId: 'run-1',
      rollout: { name: rollout, uid: 'u' },
      ...change.owner,
    },
    sequence: 1,
    weight: 30,
    revision: 'v2',
  });
  return {
    ...made,
    metadata: { ...made.metadata, uid: `uid of ${mapping}`, resourceVersion: '7', ...change.metadata },
  };
}

describe('the sweep', () => {
  let mappings: MappingObject[];
  let statuses: Record<string, string>;
  let open: Set<string>;
  let started: { readonly rollout: RolloutRef; readonly payload: CommandPayload }[];
  let told: { readonly name: string; readonly change: SpecChanged }[];
  let logged: string[];
  let served: string[];
  /** What happens while Temporal is asked. */
  let meanwhile: () => void;
  let pages: (string | undefined)[];
  let listedAsOpen: string[];
  let asked: string[];
  let sweep: () => Promise<SweepReport>;

  beforeEach(() => {
    [mappings, started, told, logged, pages] = [[], [], [], [], []];
    [listedAsOpen, asked] = [[], []];
    statuses = {};
    open = new Set();
    served = ['getambassador.io/v3alpha1'];
    meanwhile = () => undefined;
    const kubernetes = {
      servedApiVersions: async () => served,
      // Two to a page.
      list: async (_at: Location, { labelSelector, continue: from }: ListOptions) => {
        pages.push(from);
        expect(labelSelector).toBe('weir.dev/rollout');
        const begin = Number(from ?? 0);
        const more = begin + 2 < mappings.length ? String(begin + 2) : '';
        return { metadata: { continue: more }, items: mappings.slice(begin, begin + 2) };
      },
      get: async ({ name }: Location) => {
        const found = mappings.find(({ metadata }) => metadata.name === name);
        if (found === undefined) {
          throw new KubernetesError('notFound', `${name} not found`, 404);
        }
        return found;
      },
    } as unknown as KubernetesClient;
    const activity = sweepCanaryMappings({
      kubernetes,
      installation: INSTALLATION,
      cluster: 'c',
      runs: {
        open: async () => listedAsOpen,
        statusOf: async (id) => {
          asked.push(id);
          const status = statuses[id];
          meanwhile();
          return status;
        },
        bringHome: async (rollout, payload) => {
          started.push({ rollout, payload });
          return !open.has(rollout.name);
        },
        tell: async ({ name }, change) => {
          told.push({ name, change });
        },
      },
    });
    const logger = new DefaultLogger('WARN', ({ message, meta }) => {
      logged.push(`${message}: ${String((meta as { name?: unknown } | undefined)?.name)}`);
    });
    sweep = () => new MockActivityEnvironment({}, { logger }).run(activity);
  });

  test('leaves a Mapping alone whose run is open, also when the list of open runs does not have it yet', async () => {
    mappings = [canaryOf('app')];
    statuses = { 'rollout/c/ns/app': 'RUNNING' };
    expect(await sweep()).toEqual({ broughtHome: [], foreign: [], unclear: [] });
    expect(started).toEqual([]);
  });

  test('asks about each run only that the list of open runs does not have', async () => {
    mappings = [canaryOf('paused'), canaryOf('app')];
    listedAsOpen = ['rollout/c/ns/paused', 'rollout/c/ns/other'];
    expect((await sweep()).broughtHome).toEqual(['rollout/c/ns/app']);
    expect(asked).toEqual(['rollout/c/ns/app']);
  });

  test.each([
    ['TERMINATED', 'its run is closed with the status TERMINATED'],
    ['TIMED_OUT', 'its run is closed with the status TIMED_OUT'],
    [undefined, 'Temporal does not know its run any more'],
  ])('takes the traffic home when the status of the run is %s', async (status, why) => {
    mappings = [canaryOf('app')];
    statuses = status === undefined ? {} : { 'rollout/c/ns/app': status };
    expect(await sweep()).toEqual({ broughtHome: ['rollout/c/ns/app'], foreign: [], unclear: [] });
    const reason = `canary Mapping app0-canary was left behind: ${why}`;
    expect(started).toEqual([
      { rollout: { cluster: 'c', namespace: 'ns', name: 'app' }, payload: { actor: 'the sweeper', reason } },
    ]);
  });

  test('asks for a look, and for no abort, when the run came to its end', async () => {
    mappings = [canaryOf('app')];
    statuses = { 'rollout/c/ns/app': 'COMPLETED' };
    expect((await sweep()).broughtHome).toEqual(['rollout/c/ns/app']);
    expect(started).toEqual([]);
    expect(told).toEqual([{ name: 'app', change: { uid: 'u', generation: 0, lookAgain: true } }]);
  });

  test('starts one run for all Mappings of a Rollout, and one for each Rollout, over all pages', async () => {
    const many = Array.from({ length: 12 }, (_, index) => canaryOf(`app${index}`));
    mappings = [...many, canaryOf('app0', { mapping: 'second' })];
    expect((await sweep()).broughtHome).toEqual(many.map((_, index) => `rollout/c/ns/app${index}`));
    expect(started).toHaveLength(12);
    expect(pages).toEqual([undefined, '2', '4', '6', '8', '10', '12']);
  });

  test('does not mistake a run that ended as it should meanwhile', async () => {
    mappings = [canaryOf('app')];
    meanwhile = () => (mappings = []);
    expect((await sweep()).broughtHome).toEqual([]);
    expect(started).toEqual([]);
  });

  test('does not mistake a Mapping that another run has made anew meanwhile', async () => {
    mappings = [canaryOf('app')];
    meanwhile = () => (mappings = [canaryOf('app', { metadata: { uid: 'another' } })]);
    await sweep();
    expect(started).toEqual([]);
  });

  test('brings home for the Mappings that are left when the first is gone by now', async () => {
    mappings = [canaryOf('app'), canaryOf('app', { mapping: 'second' })];
    meanwhile = () => (mappings = mappings.slice(1));
    await sweep();
    expect(started.map(({ payload }) => payload.reason)).toEqual([expect.stringContaining('second0-canary')]);
  });

  test('does not claim a run that somebody else has started meanwhile', async () => {
    mappings = [canaryOf('app')];
    open.add('app');
    expect((await sweep()).broughtHome).toEqual([]);
  });

  test('reports Mappings of another installation, in the log once, and does not touch them', async () => {
    mappings = [canaryOf('app', { owner: { installation: 'other/weir' } })];
    const foreign = [{ namespace: 'ns', name: 'app0-canary', workflowId: 'rollout/c/ns/app' }];
    expect(await sweep()).toEqual({ broughtHome: [], foreign, unclear: [] });
    expect((await sweep()).foreign).toEqual(foreign);
    expect(started).toEqual([]);
    expect(logged).toEqual(['a canary Mapping of another installation of Weir is not touched: app0-canary']);
  });

  test.each<[string, MappingObject, string]>([
    ['without an owner', canaryOf('app', { metadata: { annotations: {} } }), ''],
    ['without an owner reference', canaryOf('app', { metadata: { ownerReferences: [] } }), 'rollout/c/ns/app'],
    [
      'whose owner reference names another Rollout than its run is of',
      canaryOf('app', { owner: { workflowId: 'rollout/c/ns/other' } }),
      'rollout/c/ns/other',
    ],
    [
      'of a cluster of another name',
      canaryOf('app', { owner: { workflowId: 'rollout/d/ns/app' } }),
      'rollout/d/ns/app',
    ],
  ])('reports a Mapping %s, and does not touch it', async (_name, mapping, workflowId) => {
    mappings = [mapping];
    expect(await sweep()).toEqual({
      broughtHome: [],
      foreign: [],
      unclear: [{ namespace: 'ns', name: 'app0-canary', workflowId }],
    });
    expect(started).toEqual([]);
    expect(logged).toHaveLength(1);
  });

  test('finds nothing in a cluster without Mappings', async () => {
    served = [];
    expect(await sweep()).toEqual({ broughtHome: [], foreign: [], unclear: [] });
    expect(pages).toEqual([]);
  });
});
