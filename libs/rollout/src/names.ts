import { shortHash } from './hash.ts';
import type { RolloutRef } from './types.ts';

/** Group, version and kind that users of Argo Rollouts already have. */
export const ROLLOUT_API_VERSION = 'argoproj.io/v1alpha1';
export const ROLLOUT_KIND = 'Rollout';

/** With this label an Argo controller that runs in the same cluster leaves the Rollout alone. */
export const INSTANCE_ID_LABEL = 'argo-rollouts.argoproj.io/controller-instance-id';
export const INSTANCE_ID = 'weir';

/** Says whose the selector of a Service is. An Argo controller takes off what it finds under it when no Rollout uses the Service. */
export const MANAGED_BY_ANNOTATION = 'argo-rollouts.argoproj.io/managed-by-rollouts';

/** On ReplicaSets, pods and selectors: which revision. The value of one that an Argo controller made is kept. */
export const POD_TEMPLATE_HASH_LABEL = 'rollouts-pod-template-hash';
/** On ReplicaSets: number of the revision. */
export const REVISION_ANNOTATION = 'rollout.argoproj.io/revision';
/** On ReplicaSets: until when one that serves no longer keeps its pods, RFC 3339. */
export const SCALE_DOWN_ANNOTATION = 'scale-down-deadline';
/** On ReplicaSets: what `canaryMetadata` or `stableMetadata` put on it, as JSON, so that it can be taken off again. */
export const ROLE_METADATA_ANNOTATION = 'rollout.argoproj.io/ephemeral-metadata';
/** On the Rollout: whole seconds for which pods outlive the last Mapping write. */
export const GATEWAY_SETTLE_ANNOTATION = 'weir.dev/gateway-settle-seconds';
/** On the Rollout: whole seconds that the gateway has to serve a weight, where it can be asked. */
export const SERVED_DEADLINE_ANNOTATION = 'weir.dev/gateway-served-deadline-seconds';
/** On the Rollout: `repair`, `pause` or `abort`, what is done when somebody else changes its Mappings in mid-run. */
export const DRIFT_POLICY_ANNOTATION = 'weir.dev/drift-policy';
/** On the Rollout: `true` takes over canary Mappings that an Argo controller left. */
export const ADOPT_ANNOTATION = 'weir.dev/adopt';

/** Annotations of a Rollout that are its user's to set; all others under `weir.dev/` are Weir's. */
export const USER_ANNOTATIONS: readonly string[] = [
  GATEWAY_SETTLE_ANNOTATION,
  SERVED_DEADLINE_ANNOTATION,
  DRIFT_POLICY_ANNOTATION,
  ADOPT_ANNOTATION,
];

/** Set before the first weight, taken off after cleanup. */
export const FINALIZER = 'weir.dev/canary-mappings';

/** On the Rollout: what Argo's CRD would prune from `status` (run, actor, written weight), as JSON. */
export const RUN_ANNOTATION = 'weir.dev/run';

/** On the Rollout: the change of its spec that a person asked for last (command, actor, reason, at, key), as JSON. */
export const CHANGE_ANNOTATION = 'weir.dev/change';

/** On a canary Mapping: {@link rolloutLabelValue} of the Rollout that it belongs to. */
export const ROLLOUT_LABEL = 'weir.dev/rollout';
/** On a canary Mapping: installation, workflow id and run that own it, as JSON. */
export const OWNER_ANNOTATION = 'weir.dev/owner';
/** On a canary Mapping: number of the run's write that set the weight, the fence against writes that land late. */
export const SEQUENCE_ANNOTATION = 'weir.dev/sequence';
/** On a canary Mapping: the weight that Weir wrote last, so that one edited by hand is seen. */
export const WEIGHT_ANNOTATION = 'weir.dev/weight';
/** On a canary Mapping: the revision that is tried, as the selector of the stable Service names it after a promotion. */
export const CANARY_REVISION_ANNOTATION = 'weir.dev/canary-revision';
/** On a canary Mapping, or on the Rollout while there is none: the {@link Order} of the brake, as JSON. */
export const ORDER_ANNOTATION = 'weir.dev/order';

/** Field managers: one for what a user asked for, one for what the worker does, one for an abort that the API writes itself. */
export const USER_FIELD_MANAGER = 'weir';
export const WORKER_FIELD_MANAGER = 'weir-worker';
export const BRAKE_FIELD_MANAGER = 'weir-brake';

/** Kubernetes' limit for the name of a Mapping, a DNS subdomain. */
export const MAX_NAME_LENGTH = 253;

/**
 * The gateway processes Mappings in the order of `name.namespace.n`. A canary that sorts before its stable Mapping takes
 * all traffic when the two come to differ in a key field, because the later one is dropped (facts/mapping.md 1b). `0`
 * sorts after `.`, and `-` before it.
 */
export const CANARY_SUFFIX = '0-canary';

/** What Argo Rollouts puts after a stable Mapping's name, cut to 246 characters (facts/rollout.md 4a). */
export const ARGO_CANARY_SUFFIX = '-canary';

export const MAX_STABLE_MAPPING_NAME_LENGTH = MAX_NAME_LENGTH - CANARY_SUFFIX.length;

/**
 * Name of the canary Mapping that goes with a stable one.
 *
 * @throws RangeError when the stable name has a dot (the gateway keys its cache by what is before the first dot) or
 *   leaves no room for the suffix: names are never cut
 */
export function canaryMappingName(stableMapping: string): string {
  const problem = stableMappingNameProblem(stableMapping);
  if (problem !== undefined) {
    throw new RangeError(problem);
  }
  return stableMapping + CANARY_SUFFIX;
}

/** Why a stable Mapping of that name cannot have a canary beside it; undefined when it can. */
export function stableMappingNameProblem(stableMapping: string): string | undefined {
  if (stableMapping.includes('.')) {
    return `the name ${stableMapping} has a dot: the gateway would mix up the Mapping with its canary; rename it without dots`;
  }
  if (stableMapping.length > MAX_STABLE_MAPPING_NAME_LENGTH) {
    return `the name has ${stableMapping.length} characters; with the canary suffix only ${MAX_STABLE_MAPPING_NAME_LENGTH} are possible`;
  }
  return undefined;
}

/** Temporal's SQL stores keep 255 characters of a workflow id; the rest of ours is for what others put around it. */
export const MAX_WORKFLOW_ID_LENGTH = 200;

/**
 * The workflow id is the lock: at most one run of a Rollout is open. An id that would be longer than
 * {@link MAX_WORKFLOW_ID_LENGTH} keeps its head, and its tail is replaced by a hash of the whole.
 */
export function workflowId({ cluster, namespace, name }: RolloutRef): string {
  const id = `rollout/${cluster}/${namespace}/${name}`;
  if (id.length <= MAX_WORKFLOW_ID_LENGTH) {
    return id;
  }
  const tail = `~${shortHash(id)}`;
  return id.slice(0, MAX_WORKFLOW_ID_LENGTH - tail.length) + tail;
}

/** Name of the ReplicaSet of a revision. Of a long Rollout name only the head is kept: the hash tells revisions apart. */
export function replicaSetName(rollout: string, hash: string): string {
  return `${rollout.slice(0, MAX_NAME_LENGTH - hash.length - 1)}-${hash}`;
}

/** Label values end at 63 characters and Rollout names at 253, so a long name is hashed. */
export function rolloutLabelValue(name: string): string {
  return name.length <= 63 ? name : `${name.slice(0, 48)}.${shortHash(name)}`;
}
