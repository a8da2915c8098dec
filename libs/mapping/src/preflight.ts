import {
  ADOPT_ANNOTATION,
  ARGO_CANARY_LEFT,
  ARGO_CANARY_SUFFIX,
  MAPPING_SHARED,
  MAX_NAME_LENGTH,
  canaryMappingName,
  type Problem,
} from '@weir/rollout';
import { isOurs, ownerOf, type Owner } from './canary.ts';
import { isShadow } from './gateway/read-mapping.ts';
import type { Host } from './gateway/types.ts';
import { parseService } from './service.ts';
import { sharesTraffic } from './traffic.ts';
import type { Mapping } from './types.ts';
import { wouldNotServe } from './would-not-serve.ts';

/** Reasons of the Warning Events, those of Argo Rollouts where it has one for the case. */
export const MAPPING_NOT_FOUND = 'AmbassadorMappingNotFound';
export const MAPPING_CONFIG_ERROR = 'AmbassadorMappingConfigError';
export const MAPPING_NOT_OURS = 'CanaryMappingNotOurs';
export { ARGO_CANARY_LEFT, MAPPING_SHARED } from '@weir/rollout';
export const GATEWAY_WOULD_NOT_SERVE = 'GatewayWouldNotServe';

/** What preflight looks at: every Mapping that the gateway may see, and what the Rollout asks for. */
export interface PreflightInput {
  readonly namespace: string;
  /** Names of the stable Mappings, as the Rollout lists them. */
  readonly stableMappings: readonly string[];
  readonly stableService: string;
  readonly owner: Pick<Owner, 'installation' | 'workflowId'>;
  /** All namespaces. */
  readonly allMappings: readonly Mapping[];
  /** All namespaces; undefined when they are not known. */
  readonly hosts?: readonly Host[];
  /** Canary Mappings that Argo Rollouts left are taken over, and so in nobody's way. */
  readonly adopt?: boolean;
}

/** What stands in the way of the first weight (traffic rules 1 to 5); empty when nothing does. Pure. */
export function preflight(input: PreflightInput): Problem[] {
  if (input.stableMappings.length === 0) {
    return [{ reason: MAPPING_NOT_FOUND, message: 'the Rollout names no mappings: there is no traffic to move' }];
  }
  const problems = input.stableMappings.flatMap((name) => problemsOf(name, input));
  // A gateway that takes no change says so once, not once a Mapping.
  return problems.filter(({ message }, index) => problems.findIndex((one) => one.message === message) === index);
}

/** Names of the canary Mappings beside the stable ones that Argo Rollouts left and Weir is to take over; none without `adopt`. */
export function adoptable(input: PreflightInput): string[] {
  return input.adopt === true
    ? input.stableMappings.flatMap((name) => leftByArgo(name, input)).map(({ metadata }) => metadata.name)
    : [];
}

function problemsOf(name: string, input: PreflightInput): Problem[] {
  const { namespace, allMappings, owner, adopt = false, hosts } = input;
  const stable = find(allMappings, namespace, name);
  if (stable === undefined) {
    return [{ reason: MAPPING_NOT_FOUND, message: `Mapping ${name} does not exist in namespace ${namespace}` }];
  }
  const config = unfitness(stable, input).map((message) => ({ reason: MAPPING_CONFIG_ERROR, message }));
  const canaryName = canaryMappingName(name);
  const canary = find(allMappings, namespace, canaryName);
  const notOurs =
    canary !== undefined && !isOurs(canary, owner)
      ? [{ reason: MAPPING_NOT_OURS, message: `Mapping ${canaryName} exists and is not ours: rename or delete it` }]
      : [];
  const left = leftByArgo(name, input);
  const shared = allMappings
    .filter((other) => other !== stable && other !== canary && !left.includes(other))
    .filter((other) => sharesTraffic(other, stable, hosts))
    .map(({ metadata }) => ({
      reason: MAPPING_SHARED,
      message: `Mapping ${metadata.namespace}/${metadata.name} shares the traffic of ${name}: delete it, or give it another route`,
    }));
  const problems = [...config, ...notOurs, ...(adopt ? [] : left.map((one) => leftProblem(one, name))), ...shared];
  // What is wrong already is why the gateway would not serve; there is no need to say it twice.
  return problems.length > 0 ? problems : gatewayProblems(stable, input);
}

function gatewayProblems(stable: Mapping, input: PreflightInput): Problem[] {
  const adopted = input.stableMappings.flatMap((name) => leftByArgo(name, input));
  const mappings = input.allMappings.filter((one) => !adopted.includes(one));
  return wouldNotServe(stable, mappings, input.hosts).map((message) => ({ reason: GATEWAY_WOULD_NOT_SERVE, message }));
}

/** The canary that an Argo controller has put beside a stable Mapping, on its route and under the name that it gives. */
function leftByArgo(name: string, { namespace, allMappings, stableMappings, hosts }: PreflightInput): Mapping[] {
  const stable = find(allMappings, namespace, name);
  const left = find(allMappings, namespace, argoCanaryName(name));
  const isLeft =
    stable !== undefined &&
    left !== undefined &&
    !stableMappings.includes(left.metadata.name) &&
    ownerOf(left) === undefined &&
    sharesTraffic(left, stable, hosts);
  return isLeft ? [left] : [];
}

/** Argo Rollouts cuts the stable name so that the whole is no longer than a name may be. */
function argoCanaryName(name: string): string {
  return name.slice(0, MAX_NAME_LENGTH - ARGO_CANARY_SUFFIX.length) + ARGO_CANARY_SUFFIX;
}

function leftProblem({ metadata: { namespace, name }, spec: { weight } }: Mapping, stable: string): Problem {
  const share = typeof weight === 'number' ? `with weight ${weight}` : 'without a weight';
  return {
    reason: ARGO_CANARY_LEFT,
    message:
      `Mapping ${namespace}/${name}, as Argo Rollouts makes it, shares the traffic of ${stable} ${share}: delete it, or let ` +
      `Weir take it over by PUT with ?adopt=true (annotation ${ADOPT_ANNOTATION}: "true")`,
  };
}

/** Why traffic cannot be shared beside this stable Mapping; empty when it can (traffic rules 2 and 5). */
export function unfitness(
  stable: Mapping,
  { namespace, stableService }: Pick<PreflightInput, 'namespace' | 'stableService'>,
): string[] {
  const { spec } = stable;
  const { name } = stable.metadata;
  const service = parseService(spec.service ?? '');
  const problems: string[] = [];
  if (spec.weight !== undefined && spec.weight !== null) {
    problems.push(`Mapping ${name} has a weight; take it off: only the canary Mapping carries one`);
  }
  if (isShadow(stable)) {
    problems.push(`Mapping ${name} is a shadow: it answers no requests`);
  }
  if (spec['host_redirect'] !== undefined && spec['host_redirect'] !== false) {
    problems.push(`Mapping ${name} is a redirect: it has no backend to share`);
  }
  if (service === undefined) {
    problems.push(
      `the service of Mapping ${name}, ${JSON.stringify(spec.service)}, is not [scheme://]name[.namespace][:port]`,
    );
  } else if (service.name !== stableService || (service.namespace ?? namespace) !== namespace) {
    problems.push(`the service of Mapping ${name} is ${spec.service}, not the stable Service ${stableService}`);
  }
  return problems;
}

function find(mappings: readonly Mapping[], namespace: string, name: string): Mapping | undefined {
  return mappings.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
}
