import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canaryMapping, type Owner } from '../canary.ts';
import { readDiagnostics, servedWeight, toDiagnostics } from '../diagnostics.ts';
import { driftOf } from '../drift.ts';
import { preflight } from '../preflight.ts';
import { apiVersion, hosts, mappings, stableMapping, stableMappings } from '../testing/arbitrary-mappings.ts';
import { mapping } from '../testing/mappings.ts';
import type { Mapping } from '../types.ts';
import { gatewaysOf, isSame, refOf } from './identity.ts';
import { modelGateway, plannedShares, shareOf, type GatewayModel, type Host } from './index.ts';

const RUNS = 1_000;

const OWNER: Owner = {
  installation: 'here',
  workflowId: 'rollout/local/default/app',
  runId: 'run-1',
  rollout: { name: 'app', uid: 'uid-1' },
};
const SERVICES = { stableService: 'app', canaryService: 'app-next' };

const percents = fc.integer({ min: 0, max: 100 });

const modelOf = (all: readonly Mapping[], ofHosts: readonly Host[], ambassadorId = 'default'): GatewayModel =>
  modelGateway({ mappings: all, hosts: ofHosts, ambassadorId });

const canaryOf = (stable: Mapping, percent: number): Mapping =>
  canaryMapping(stable, {
    canaryService: SERVICES.canaryService,
    owner: OWNER,
    sequence: 1,
    weight: percent,
    revision: 'next',
  });

describe('whatever Mappings and Hosts there are, in the model of the gateway', () => {
  test('shares are percentages of at most all requests, and of all of them where a Mapping has no weight', () => {
    fc.assert(
      fc.property(mappings, hosts, fc.constantFrom('default', 'other'), (all, ofHosts, id) => {
        const { groups, errors } = modelOf(all, ofHosts, id);
        for (const { routes } of groups) {
          const shares = routes.map(({ share }) => share);
          expect(shares.filter((share) => !(share >= 0 && share <= 100))).toEqual([]);
          const sum = shares.reduce((total, share) => total + share, 0);
          expect(sum).toBeLessThanOrEqual(100);
          const isFull = routes.length > 0 && routes.some(({ mapping: { spec } }) => spec.weight === undefined);
          expect(isFull && errors.length === 0 ? sum : 100).toBe(100);
        }
      }),
      { numRuns: RUNS },
    );
  });

  test('each Mapping of the gateway serves or is dropped, and the order in which they come does not matter', () => {
    fc.assert(
      fc.property(mappings, hosts, fc.infiniteStream(fc.nat()), (all, ofHosts, numbers) => {
        const made = modelOf(all, ofHosts);
        expect(modelOf(shuffled(all, numbers), shuffled(ofHosts, numbers))).toEqual(made);
        if (made.invalid === undefined) {
          const told = made.groups.flatMap(({ routes, shadow }) => [...routes, ...(shadow ? [shadow] : [])]);
          const placed = [...told, ...made.dropped].map(({ mapping: one }) => one);
          const ours = all.filter((one) => gatewaysOf(one).includes('default'));
          // Beside a redirect members answer nothing, and say so nowhere.
          expect(ours.filter((one) => !placed.some((other) => isSame(one, other)))).toEqual([]);
        }
      }),
      { numRuns: RUNS },
    );
  });

  test('fields of another type than the CRD has break nothing', () => {
    const junk = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(Number.NaN, '', [], {}, 'x', true, null));
    const broken = fc.dictionary(
      fc.constantFrom(
        'prefix',
        'hostname',
        'host',
        'headers',
        'query_parameters',
        'method',
        'service',
        'tls',

        'weight',
        'precedence',
        'ambassador_id',
        'labels',
        'regex_headers',
      ),
      junk,
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(broken, apiVersion), { maxLength: 4 }), hosts, (specs, ofHosts) => {
        const all = specs.map(([spec, version], index) => ({
          ...mapping(`m${index}`),
          apiVersion: version,
          spec: spec,
        }));
        modelOf(all, ofHosts);
        preflight({
          namespace: 'default',
          stableMappings: ['m0'],
          stableService: 'app',
          owner: OWNER,
          allMappings: all,
          hosts: ofHosts,
        });
      }),
      { numRuns: RUNS },
    );
  });

  test('what its diagnostics tell of a canary is the share that it has', () => {
    fc.assert(
      fc.property(mappings, hosts, fc.nat(), fc.nat(), (all, ofHosts, first, second) => {
        const made = modelOf(all, ofHosts);
        const read = readDiagnostics(JSON.parse(JSON.stringify(toDiagnostics(made))));
        const [stable, canary] = [all[first % all.length], all[second % all.length]];
        fc.pre(stable !== undefined && canary !== undefined && refOf(stable).namespace === refOf(canary).namespace);
        const groupOf = (one: Mapping) =>
          made.groups.find(({ routes }) => routes.some((route) => isSame(route.mapping, one)));
        const isApart = groupOf(stable) !== undefined && groupOf(stable) !== groupOf(canary);
        const served = servedWeight(read, {
          ...refOf(stable),
          stable: stable.metadata.name,
          canary: canary.metadata.name,
        });
        expect(served).toBe(isApart ? 0 : shareOf(made, refOf(canary)));
      }),
      { numRuns: RUNS },
    );
  });
});

/** @returns whether the stable Mapping had traffic before: one that no Host serves has none to share */
function expectSplit(
  stable: Mapping,
  before: readonly Mapping[],
  during: readonly Mapping[],
  ofHosts: readonly Host[],
  percent: number,
): boolean {
  const canary = canaryOf(stable, percent);
  const served = gatewaysOf(stable).filter((id) => shareOf(modelOf(before, ofHosts, id), refOf(stable)) > 0);
  for (const id of served) {
    const made = modelOf(during, ofHosts, id);
    expect([shareOf(made, refOf(canary)), shareOf(made, refOf(stable))]).toEqual([percent, 100 - percent]);
    const names = { namespace: 'default', stable: stable.metadata.name, canary: canary.metadata.name };
    expect(servedWeight(readDiagnostics(toDiagnostics(made)), names)).toBe(percent);
  }
  if (served.length === gatewaysOf(stable).length) {
    const planned = plannedShares(before, ofHosts, stable, canary, percent);
    expect(planned).toEqual({ canary: percent, stable: 100 - percent });
  }
  return served.length > 0;
}

describe('a canary Mapping that Weir makes', () => {
  test.each(['known', 'not known'])(
    'takes its weight, and leaves the rest to stable, wherever preflight with Hosts %s finds nothing',
    (known) => {
      /** A property of nothing would hold too. */
      const seen = { all: 0, shared: 0 };
      fc.assert(
        fc.property(stableMappings, mappings, hosts, percents, (stables, others, ofHosts, percent) => {
          seen.all++;
          const all = [...others.filter((one) => !stables.some((stable) => isSame(one, stable))), ...stables];
          const names = stables.map(({ metadata }) => metadata.name);
          const input = { ...SERVICES, namespace: 'default', stableMappings: names, owner: OWNER, allMappings: all };
          fc.pre(preflight({ ...input, ...(known === 'known' && { hosts: ofHosts }) }).length === 0);
          const during = [...all, ...stables.map((stable) => canaryOf(stable, percent))];
          seen.shared += stables.filter((stable) => expectSplit(stable, all, during, ofHosts, percent)).length;
        }),
        { numRuns: RUNS },
      );
      expect(seen.shared).toBeGreaterThan(seen.all / 20);
    },
  );

  test('has drifted in nothing', () => {
    fc.assert(
      fc.property(stableMapping, fc.integer({ min: 0, max: 100 }), (stable, percent) => {
        const canary = JSON.parse(JSON.stringify(canaryOf(stable, percent))) as Mapping;
        expect(driftOf({ ...SERVICES, stable, canary, rollout: OWNER.rollout.name })).toEqual([]);
        expect(driftOf({ ...SERVICES, stable, canary, rollout: OWNER.rollout.name, weight: percent })).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });
});

/** @param numbers - without end */
function shuffled<T>(list: readonly T[], numbers: fc.Stream<number>): T[] {
  const left = [...list];
  return list.flatMap(() => left.splice((numbers.next().value as number) % left.length, 1));
}
