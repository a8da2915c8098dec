import { SERVICES, type Resource } from '@weir/kubernetes';
import { canaryMapping, weightAnnotations, type Mapping, type MappingApi } from '@weir/mapping';
import {
  FINALIZER,
  MANAGED_BY_ANNOTATION,
  ROLLOUT_API_VERSION,
  ROLLOUT_KIND,
  USER_FIELD_MANAGER,
  WORKER_FIELD_MANAGER,
  canaryMappingName,
  sameSelector,
  type Run,
} from '@weir/rollout';
import type { PlanInput } from './plan-input.ts';
import type { PlannedWrite } from './plan.schemas.ts';

type Target = Pick<PlannedWrite, 'apiVersion' | 'kind' | 'namespace' | 'name'>;

/** The Rollout, as the API server would store it. */
export function storedRollout(input: PlanInput): PlannedWrite {
  const { apiVersion: _version, kind: _kind, metadata, status: _status, ...rest } = input.rollout;
  const { managedFields: _fields, ...shown } = metadata as typeof metadata & { managedFields?: unknown };
  const body = { apiVersion: ROLLOUT_API_VERSION, kind: ROLLOUT_KIND, metadata: shown, ...rest };
  return { verb: 'APPLY', fieldManager: USER_FIELD_MANAGER, ...rolloutTarget(input), step: null, body };
}

/** The finalizer, set before the first canary Mapping. */
export function finalizer(input: PlanInput): PlannedWrite[] {
  const { finalizers = [] } = input.rollout.metadata;
  return finalizers.includes(FINALIZER)
    ? []
    : [patch(rolloutTarget(input), null, { metadata: { finalizers: [...finalizers, FINALIZER] } })];
}

/** The finalizer, taken off at the end of the run; one that made no canary Mapping has set none. */
export function finalizerOff(input: PlanInput, { sequence }: Run): PlannedWrite[] {
  const others = (input.rollout.metadata.finalizers ?? []).filter((one) => one !== FINALIZER);
  return sequence === 0 ? [] : [patch(rolloutTarget(input), null, { metadata: { finalizers: others } })];
}

/** Each canary Mapping as it would be created, at weight 0. */
export function canaryMappings(input: PlanInput, api: MappingApi, run: Run): PlannedWrite[] {
  return stableMappings(input, api).map((stable) => post(canaryBeside(stable, input, run), api));
}

/** The stable Mappings that there are, of those that the Rollout lists. */
export function stableMappings({ spec, allMappings, rollout }: PlanInput, api: MappingApi): Mapping[] {
  const { namespace } = rollout.metadata;
  return spec.mappings.flatMap((name) => {
    const stable = allMappings.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
    return stable === undefined ? [] : [typed(stable, api)];
  });
}

/** @throws RangeError when the stable Mapping's service cannot be parsed */
export function canaryBeside(
  stable: Mapping,
  { spec, owner, rollout }: PlanInput,
  { sequence, revision }: Pick<Run, 'sequence' | 'revision'>,
): Mapping {
  const { name, uid = '' } = rollout.metadata;
  return canaryMapping(stable, {
    canaryService: spec.canaryService,
    owner: { ...owner, rollout: { name, uid } },
    sequence,
    weight: 0,
    revision: revision.canary,
  });
}

/** One PATCH a canary Mapping. Each also carries the resourceVersion of the write before, so that it cannot land late. */
export function weights(
  input: PlanInput,
  api: MappingApi,
  weight: number,
  sequence: number,
  step: number | null,
): PlannedWrite[] {
  const metadata = { annotations: weightAnnotations(weight, sequence) };
  return canaryTargets(input, api).map((target) => patch(target, step, { metadata, spec: { weight } }));
}

/** The stable Service gets the canary Service's selector; nothing when it has it. */
export function stableService({ rollout, spec, ...services }: PlanInput): PlannedWrite[] {
  const old = services.stableService?.spec?.selector ?? {};
  const selector = services.canaryService?.spec?.selector ?? {};
  if (sameSelector(old, selector)) {
    return [];
  }
  const { namespace = '', name } = rollout.metadata;
  const removed = Object.fromEntries(Object.keys(old).map((key) => [key, null]));
  const target = { ...typeOf(SERVICES, 'Service'), namespace, name: spec.stableService };
  const metadata = { annotations: { [MANAGED_BY_ANNOTATION]: name } };
  return [patch(target, null, { metadata, spec: { selector: { ...removed, ...selector } } })];
}

export function deletions(input: PlanInput, api: MappingApi): PlannedWrite[] {
  return canaryTargets(input, api).map(deletion);
}

/** What an Argo controller left is taken over: its traffic goes to stable before the Mapping goes. */
export function adoptions({ rollout }: PlanInput, api: MappingApi, names: readonly string[]): PlannedWrite[] {
  const namespace = rollout.metadata.namespace ?? '';
  const targets = names.map((name): Target => ({ ...typeOf(api, api.kind), namespace, name }));
  return [...targets.map((target) => patch(target, null, { spec: { weight: 0 } })), ...targets.map(deletion)];
}

function deletion(target: Target): PlannedWrite {
  return { verb: 'DELETE', fieldManager: WORKER_FIELD_MANAGER, ...target, step: null, body: null };
}

function canaryTargets({ spec, rollout }: PlanInput, api: MappingApi): Target[] {
  const namespace = rollout.metadata.namespace ?? '';
  return spec.mappings.map((stable) => ({ ...typeOf(api, api.kind), namespace, name: canaryMappingName(stable) }));
}

function rolloutTarget({ rollout }: PlanInput): Target {
  const { namespace = '', name } = rollout.metadata;
  return { apiVersion: ROLLOUT_API_VERSION, kind: ROLLOUT_KIND, namespace, name };
}

function typeOf({ group, version }: Resource, kind: string): Pick<Target, 'apiVersion' | 'kind'> {
  return { apiVersion: group === '' ? version : `${group}/${version}`, kind };
}

/** Items of a list come without their type. */
function typed(mapping: Mapping, { apiVersion, kind }: MappingApi): Mapping {
  return { ...mapping, apiVersion, kind };
}

function patch(target: Target, step: number | null, body: unknown): PlannedWrite {
  return { verb: 'PATCH', fieldManager: WORKER_FIELD_MANAGER, ...target, step, body };
}

function post(mapping: Mapping, { apiVersion, kind }: MappingApi): PlannedWrite {
  const { namespace = '', name } = mapping.metadata;
  return {
    verb: 'POST',
    fieldManager: WORKER_FIELD_MANAGER,
    apiVersion,
    kind,
    namespace,
    name,
    step: null,
    body: mapping,
  };
}
