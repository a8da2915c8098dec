import { groupId } from './group-id.ts';
import { accept, startGroup, type GrowingGroup } from './group.ts';
import { hostnameOf, hostsOf, isServedUnder } from './hosts.ts';
import { inMatchingOrder, inProcessingOrder } from './order.ts';
import { readMapping, type ReadMapping } from './read-mapping.ts';
import type { DroppedMapping, GatewayInput, GatewayModel, Host, MappingGroup, WeightedRoute } from './types.ts';
import { ambassadorIds } from './v3alpha1.ts';
import { weighted } from './weights.ts';

/** What is found on the way, beside the groups. */
interface Findings {
  readonly dropped: DroppedMapping[];
  readonly errors: (readonly [rkey: string, text: string])[];
}

/**
 * What the gateway makes of its Mappings and Hosts (facts/mapping.md 1b, 2 and 6): which share traffic, which it drops and why,
 * and what share each gets. Mappings of v1 and v2 are read as its conversion webhook hands them over. Not modelled: Mappings in
 * annotations of Services, defaults of the `ambassador` Module, and what the gateway remembers from an earlier configuration. Pure.
 */
export function modelGateway({ mappings, hosts = [], ambassadorId = 'default' }: GatewayInput): GatewayModel {
  const ourHosts = hostsOf(hosts, ambassadorId);
  const ours = mappings
    .map(readMapping)
    .filter(({ spec }) => ambassadorIds(spec['ambassador_id']).includes(ambassadorId));
  const findings: Findings = { dropped: [], errors: [] };
  const growing = inMatchingOrder(grouped(inProcessingOrder(ours), ourHosts, findings));
  const groups = growing.flatMap((group) => finished(group, ourHosts, findings));
  const invalid = groups.map(whatEnvoyRefuses).find((text) => text !== undefined);
  return {
    groups: invalid === undefined ? groups : [],
    ...findings,
    hostnames: [...new Set(ourHosts.map(hostnameOf))],
    ...(invalid !== undefined && { invalid }),
  };
}

function grouped(mappings: readonly ReadMapping[], hosts: readonly Host[], findings: Findings): GrowingGroup[] {
  const groups = new Map<string, GrowingGroup>();
  for (const mapping of mappings) {
    if (hasStarInHost(mapping)) {
      const why = `the exact host of Mapping ${mapping.name} has a star in it, and so matches nothing`;
      findings.dropped.push({ mapping: mapping.mapping, reason: 'starInHost', why });
      findings.errors.push([mapping.rkey, why]);
      continue;
    }
    const id = groupId(mapping, hosts);
    const group = groups.get(id);
    if (group === undefined) {
      groups.set(id, startGroup(id, mapping));
      continue;
    }
    const refusal = accept(group, mapping);
    if (refusal !== undefined) {
      const { reason, why, isListed } = refusal;
      findings.dropped.push({ mapping: mapping.mapping, reason, why });
      findings.errors.push(...(isListed ? [[group.first.rkey, why] as const] : []));
    }
  }
  return [...groups.values()];
}

/** `hostname` is a glob, `host` is not. */
function hasStarInHost({ host = '', spec }: ReadMapping): boolean {
  return host.includes('*') && host !== spec['hostname'];
}

function finished(group: GrowingGroup, hosts: readonly Host[], findings: Findings): MappingGroup[] {
  const { id, first, members, shadow, redirect } = group;
  const { routes, errors } = redirect === undefined ? weighted(members) : redirected(redirect);
  findings.errors.push(...errors.map((text) => [first.rkey, text] as const));
  const all = [...members, ...(redirect ? [redirect] : []), ...(shadow ? [shadow] : [])];
  const labels = Object.assign({}, ...all.map((one) => one.labels)) as ReadMapping['labels'];
  const under = hosts.filter((host) => isServedUnder(host, first, labels));
  if (under.length === 0) {
    findings.dropped.push(...all.map(withoutHost));
    return [];
  }
  return [
    {
      id,
      match: first.match,
      hostnames: [...new Set(under.map(hostnameOf))],
      routes,
      ...(shadow && { shadow: { mapping: shadow.mapping, percent: shadow.weight ?? 100 } }),
    },
  ];
}

/** A redirect answers all requests of its group. */
function redirected({ mapping }: ReadMapping): {
  readonly routes: readonly WeightedRoute[];
  readonly errors: readonly string[];
} {
  return { routes: [{ mapping, numerator: 100, share: 100 }], errors: [] };
}

function withoutHost({ mapping, name, host, isHostRegex }: ReadMapping): DroppedMapping {
  const why =
    host === undefined && !isHostRegex
      ? `Mapping ${name} has no hostname, and no Host selects it by its labels: it matches nothing`
      : `no Host serves the hostname of Mapping ${name}: it matches nothing`;
  return { mapping, reason: 'noHost', why };
}

/** Envoy takes no negative number for a part of the traffic. */
function whatEnvoyRefuses({ routes, shadow }: MappingGroup): string | undefined {
  const parts = [
    ...routes.map(({ mapping, numerator }) => ({ mapping, percent: numerator })),
    ...(shadow ? [shadow] : []),
  ];
  const refused = parts.find(({ percent }) => percent < 0);
  if (refused === undefined) {
    return undefined;
  }
  const { name, namespace = 'default' } = refused.mapping.metadata;
  return `Envoy refuses the configuration: the weight of Mapping ${namespace}/${name} comes to ${refused.percent}`;
}
