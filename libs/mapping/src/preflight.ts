import { canaryMappingName, type Problem } from '@weir/rollout';
import { isOurs, type Owner } from './canary.ts';
import { parseService } from './service.ts';
import { isShadow, sharesTraffic } from './traffic.ts';
import type { Mapping } from './types.ts';

/** Reasons of the Warning Events, those of Argo Rollouts where it has one for the case. */
export const MAPPING_NOT_FOUND = 'AmbassadorMappingNotFound';
export const MAPPING_CONFIG_ERROR = 'AmbassadorMappingConfigError';
export const MAPPING_NOT_OURS = 'CanaryMappingNotOurs';
export const MAPPING_SHARED = 'AmbassadorMappingShared';

/** What preflight looks at: every Mapping that the gateway may see, and what the Rollout asks for. */
export interface PreflightInput {
  readonly namespace: string;
  /** Names of the stable Mappings, as the Rollout lists them. */
  readonly stableMappings: readonly string[];
  readonly stableService: string;
  readonly owner: Pick<Owner, 'installation' | 'workflowId'>;
  /** All namespaces. */
  readonly allMappings: readonly Mapping[];
}

/** What stands in the way of the first weight (traffic rules 1 to 5); empty when nothing does. Pure. */
export function preflight(input: PreflightInput): Problem[] {
  if (input.stableMappings.length === 0) {
    return [{ reason: MAPPING_NOT_FOUND, message: 'the Rollout names no mappings: there is no traffic to move' }];
  }
  return input.stableMappings.flatMap((name) => problemsOf(name, input));
}

function problemsOf(name: string, input: PreflightInput): Problem[] {
  const { namespace, allMappings, owner } = input;
  const stable = find(allMappings, namespace, name);
  if (stable === undefined) {
    return [{ reason: MAPPING_NOT_FOUND, message: `Mapping ${name} does not exist in namespace ${namespace}` }];
  }
  const config = configProblem(stable, input).map((message) => ({ reason: MAPPING_CONFIG_ERROR, message }));
  const canaryName = canaryMappingName(name);
  const canary = find(allMappings, namespace, canaryName);
  const notOurs =
    canary !== undefined && !isOurs(canary, owner)
      ? [{ reason: MAPPING_NOT_OURS, message: `Mapping ${canaryName} exists and is not ours: rename or delete it` }]
      : [];
  const shared = allMappings
    .filter((other) => other !== stable && other !== canary && sharesTraffic(other, stable))
    .map(({ metadata }) => ({
      reason: MAPPING_SHARED,
      message: `Mapping ${metadata.namespace}/${metadata.name} shares the traffic of ${name}: delete it, or give it another route`,
    }));
  return [...config, ...notOurs, ...shared];
}

function configProblem(stable: Mapping, { namespace, stableService }: PreflightInput): string[] {
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
