import { ROLLOUT_API_VERSION, ROLLOUT_KIND, ROLLOUT_LABEL, rolloutLabelValue, type RolloutRef } from '@weir/rollout';
import { mappingApi, type Mapping } from '@weir/mapping';
import {
  ROLLOUTS,
  isKubernetesError,
  type KubernetesClient,
  type KubernetesObject,
  type Location,
} from '@weir/kubernetes';

/** A Rollout as it is stored; `spec` and `status` are validated where they are read. */
export interface RolloutObject extends KubernetesObject {
  readonly spec?: unknown;
  readonly status?: {
    readonly observedGeneration?: string | number;
    readonly abort?: boolean;
    readonly abortedAt?: string;
    readonly message?: string;
    readonly currentPodHash?: string;
    readonly currentStepHash?: string;
    readonly stableRS?: string;
    readonly restartedAt?: string;
    readonly workloadObservedGeneration?: string;
    readonly conditions?: unknown;
  };
}

export interface ServiceObject extends KubernetesObject {
  readonly spec: { readonly selector?: Readonly<Record<string, string>> };
}

export interface PodObject extends KubernetesObject {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[] | null;
  };
}

/** A Mapping is a KubernetesObject whose spec we read. */
export type MappingObject = Mapping & KubernetesObject;

export function rolloutAt({ namespace, name }: Pick<RolloutRef, 'namespace' | 'name'>): Location {
  return { resource: ROLLOUTS, namespace, name };
}

/** What the worker applies of a Rollout: its finalizers and nothing else. With the uid, or apply would create the object. */
export function finalizerOf({ namespace, name }: RolloutRef, uid: string, finalizers: readonly string[]): object {
  return { apiVersion: ROLLOUT_API_VERSION, kind: ROLLOUT_KIND, metadata: { namespace, name, uid, finalizers } };
}

export function mappingsAt(apiVersion: string, namespace?: string, name?: string): Location {
  return {
    resource: mappingApi(apiVersion),
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && { name }),
  };
}

/** The Mappings that say by their label that they are a Rollout's, whoever made them. */
export async function labelledMappings(
  kubernetes: KubernetesClient,
  apiVersion: string,
  { namespace, name }: RolloutRef,
  signal: AbortSignal,
): Promise<MappingObject[]> {
  const labelSelector = `${ROLLOUT_LABEL}=${rolloutLabelValue(name)}`;
  const { items } = await kubernetes.list<MappingObject>(mappingsAt(apiVersion, namespace), { labelSelector, signal });
  return [...items];
}

/** What an annotation says as a JSON object; empty when there is none, or it is somebody else's text. */
export function noteIn({ metadata }: KubernetesObject, annotation: string): object {
  try {
    return Object(JSON.parse(metadata.annotations?.[annotation] ?? '{}')) as object;
  } catch {
    return {};
  }
}

/** The object, or undefined when there is none. */
export async function orAbsent<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (isKubernetesError(error, 'notFound')) {
      return undefined;
    }
    throw error;
  }
}

/** For a deletion of what was read, and of nothing else. */
export function preconditions({ metadata: { uid, resourceVersion } }: KubernetesObject): {
  uid?: string;
  resourceVersion?: string;
} {
  return { ...(uid !== undefined && { uid }), ...(resourceVersion !== undefined && { resourceVersion }) };
}
