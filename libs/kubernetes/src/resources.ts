/** Where a kind of object lives in the Kubernetes API. */
export interface Resource {
  /** Empty: the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

export const ROLLOUTS: Resource = { group: 'argoproj.io', version: 'v1alpha1', plural: 'rollouts' };
export const SERVICES: Resource = { group: '', version: 'v1', plural: 'services' };
export const PODS: Resource = { group: '', version: 'v1', plural: 'pods' };
export const EVENTS: Resource = { group: '', version: 'v1', plural: 'events' };
export const NAMESPACES: Resource = { group: '', version: 'v1', plural: 'namespaces' };
export const ENDPOINT_SLICES: Resource = { group: 'discovery.k8s.io', version: 'v1', plural: 'endpointslices' };
export const POD_TEMPLATES: Resource = { group: '', version: 'v1', plural: 'podtemplates' };
export const REPLICA_SETS: Resource = { group: 'apps', version: 'v1', plural: 'replicasets' };
/** Hosts of the gateway: which labels they select Mappings by. */
export const HOSTS: Resource = { group: 'getambassador.io', version: 'v3alpha1', plural: 'hosts' };
export const DEPLOYMENTS: Resource = { group: 'apps', version: 'v1', plural: 'deployments' };

/** A list, or one object of it; without a namespace: all namespaces, or an object that has none. */
export interface Location {
  readonly resource: Resource;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: 'status' | 'scale' | 'eviction';
}

/**
 * `/apis/argoproj.io/v1alpha1/namespaces/default/rollouts/someapp/status`
 *
 * @throws RangeError for a name that a URL would resolve to another place
 */
export function pathOf({ resource, namespace, name, subresource }: Location): string {
  for (const part of [namespace, name]) {
    if (part === '' || part === '.' || part === '..') {
      throw new RangeError(`${JSON.stringify(part)} is not a name`);
    }
  }
  const root = resource.group === '' ? '/api' : `/apis/${resource.group}`;
  const parts = [
    `${root}/${resource.version}`,
    ...(namespace === undefined ? [] : ['namespaces', encodeURIComponent(namespace)]),
    resource.plural,
    ...(name === undefined ? [] : [encodeURIComponent(name)]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  return parts.join('/');
}

/** What every object has. */
export interface KubernetesObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly managedFields?: readonly ManagedFields[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** Who wrote last, and when: kept by the API server, to the second. */
export interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly time?: string;
  /** The fields, as a tree of `f:name`. */
  readonly fieldsV1?: Readonly<Record<string, unknown>>;
}

export interface ObjectList<T> {
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items: readonly T[];
}
