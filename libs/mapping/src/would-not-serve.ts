import { canaryMappingName } from '@weir/rollout';
import { canaryLabels } from './canary.ts';
import { gatewaysOf, isSame } from './gateway/identity.ts';
import { modelBeside } from './gateway/planned-shares.ts';
import { readMapping } from './gateway/read-mapping.ts';
import type { GatewayModel, Host } from './gateway/types.ts';
import { asSeenByGateway } from './gateway/v3alpha1.ts';
import type { Mapping } from './types.ts';

/** Any weight between nothing and all: what the gateway drops does not depend on it. */
const SOME_WEIGHT = 50;

/**
 * Why the gateways of a stable Mapping would not serve it beside a canary, in the words of their model; empty when they would, or
 * when nobody can tell. A stable Mapping that no Host serves is nobody's danger, and may only look so (facts/mapping.md 3).
 *
 * @param mappings - of all namespaces
 * @param hosts - undefined when they are not known
 */
export function wouldNotServe(
  stable: Mapping,
  mappings: readonly Mapping[],
  hosts: readonly Host[] | undefined,
): string[] {
  const canary = canaryBeside(stable);
  const lost = hosts === undefined && isPlacedByLabels(stable) ? labelsLost(stable, canary) : [];
  if (lost.length > 0) {
    return [unknownHosts(stable, lost)];
  }
  const found = gatewaysOf(stable).map((id) => refusalIn(modelBeside(mappings, hosts, canary, id), stable, canary));
  return [...new Set(found.filter((one) => one !== undefined))];
}

/** Hosts may select it by its labels; one that matches hosts by a regular expression, too. */
function isPlacedByLabels(stable: Mapping): boolean {
  return readMapping(asSeenByGateway(stable)).host === undefined;
}

/** Labels by which GitOps tools track the stable Mapping: the canary must not have them, and a Host may select by them. */
function labelsLost({ metadata: { labels = {} } }: Mapping, canary: Mapping): string[] {
  return Object.keys(labels).filter((label) => canary.metadata.labels?.[label] === undefined);
}

function unknownHosts({ metadata: { name } }: Mapping, labels: readonly string[]): string {
  return (
    `the Hosts are not known, and one may select Mapping ${name} by ${labels.join(', ')}, which its canary must not carry: ` +
    'give the Mapping a hostname, or let Weir read Hosts'
  );
}

function refusalIn(model: GatewayModel, stable: Mapping, canary: Mapping): string | undefined {
  if (model.invalid !== undefined) {
    return `the gateway takes no change at all until this is put right: ${model.invalid}`;
  }
  const whyOf = (mapping: Mapping) => model.dropped.find((one) => isSame(one.mapping, mapping));
  const [whyNotStable, whyNotCanary] = [whyOf(stable), whyOf(canary)];
  if (whyNotStable?.reason === 'noHost') {
    return undefined;
  }
  const { name } = stable.metadata;
  if (whyNotStable !== undefined) {
    return `the gateway would not serve the stable Mapping ${name}: ${whyNotStable.why}`;
  }
  if (whyNotCanary !== undefined) {
    return `the gateway would not serve a canary beside Mapping ${name}: ${whyNotCanary.why}`;
  }
  return areTogether(model, stable, canary)
    ? undefined
    : `the gateway would not share the traffic of Mapping ${name} with a canary: their labels put them on routes of different Hosts`;
}

function areTogether({ groups }: GatewayModel, a: Mapping, b: Mapping): boolean {
  return groups.some(({ routes }) => [a, b].every((one) => routes.some(({ mapping }) => isSame(mapping, one))));
}

/** The canary Mapping as far as routing depends on it. */
function canaryBeside(stable: Mapping): Mapping {
  const { name, namespace } = stable.metadata;
  return {
    ...stable,
    metadata: {
      name: canaryMappingName(name),
      ...(namespace !== undefined && { namespace }),
      labels: canaryLabels(stable, name),
    },
    spec: { ...stable.spec, weight: SOME_WEIGHT },
  };
}
