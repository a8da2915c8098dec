import { expect } from '@jest/globals';
import type { Resource } from '@weir/kubernetes';
import { MAPPINGS, mapping } from './objects.ts';
import type { Scenario } from './scenario.ts';
import { eventually } from './wait.ts';

/** The one of a {@link Scenario} that names no others. */
export const STABLE = 'stable-mapping';
export const CANARY = 'stable-mapping0-canary';

const V3ALPHA1: Resource = { ...MAPPINGS, version: 'v3alpha1' };
const HOSTS: Resource = { ...V3ALPHA1, plural: 'hosts' };
const API_VERSION = 'getambassador.io/v3alpha1';

/** `spec` of a Mapping on the route of the stable one. */
export function onRoute({ namespace }: Scenario, spec: object): object {
  return { prefix: `/${namespace}/${STABLE}`, ...spec };
}

/** The Rollout is Degraded for that reason, and a Warning Event says so. @returns the message of the status */
export async function degraded(scenario: Scenario, reason: string): Promise<string> {
  const { message } = await scenario.statusThat(
    `Degraded ${reason}`,
    ({ phase, message: text }) => phase === 'Degraded' && text.startsWith(reason),
  );
  await eventually(`a Warning ${reason}`, async () =>
    (await scenario.events()).some((event) => event.type === 'Warning' && event.reason === reason),
  );
  return message;
}

export async function stableIsNeverWritten(scenario: Scenario): Promise<void> {
  const managers = (await scenario.mapping(STABLE))?.metadata.managedFields?.map(({ manager }) => manager);
  expect(managers?.filter((manager) => manager?.startsWith('weir'))).toEqual([]);
}

/** A Host that selects Mappings by a label. It is for all of them: without one that selects it, no Mapping is served. */
export interface SelectingHost {
  /** By another one from now on. */
  select(labels: Readonly<Record<string, string>>): Promise<unknown>;
  remove(): Promise<void>;
}

/** The stable Mapping is made anew in v3alpha1, without a hostname, and a Host selects it by that label. */
export async function selectedByHost(scenario: Scenario, label: string): Promise<SelectingHost> {
  const labels = { [label]: scenario.namespace };
  await scenario.delete(MAPPINGS, STABLE);
  await scenario.create(V3ALPHA1, { ...mapping(STABLE, onRoute(scenario, {}), labels), apiVersion: API_VERSION });
  const host = {
    apiVersion: API_VERSION,
    kind: 'Host',
    metadata: { name: 'by-label' },
    spec: { hostname: '*', mappingSelector: { matchLabels: labels } },
  };
  await scenario.create(HOSTS, host);
  return {
    // A merge patch leaves labels that it does not name.
    select: (matchLabels) =>
      scenario.patch(HOSTS, 'by-label', {
        spec: { mappingSelector: { matchLabels: { [label]: null, ...matchLabels } } },
      }),
    remove: () => scenario.delete(HOSTS, 'by-label'),
  };
}
