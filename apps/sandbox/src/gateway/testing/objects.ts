import type { Mapping } from '@weir/mapping';
import type { EndpointSliceObject, PodObject, ServiceObject } from '../cluster-view.ts';

/** Objects for the tests of the gateway, all in the namespace `shop`. */
const namespace = 'shop';

/** A Mapping as the API server hands it over in v3alpha1. */
export function mapping(name: string, spec: object = {}, metadata: Partial<Mapping['metadata']> = {}): Mapping {
  return {
    apiVersion: 'getambassador.io/v3alpha1',
    kind: 'Mapping',
    metadata: { name, namespace, ...metadata },
    spec: { prefix: '/app', hostname: '*', service: 'app:80', ...spec },
  };
}

export function service(name: string, port = 80): ServiceObject {
  return { metadata: { name, namespace }, spec: { ports: [{ port }] } };
}

/** @param pods - whether each is ready; null: it does not say */
export function slice(
  name: string,
  ofService: string,
  pods: Readonly<Record<string, boolean | null>>,
): EndpointSliceObject {
  return {
    metadata: { name, namespace, labels: { 'kubernetes.io/service-name': ofService } },
    endpoints: Object.entries(pods).map(([pod, ready]) => ({
      addresses: ['10.0.0.1'],
      conditions: ready === null ? {} : { ready },
      targetRef: { kind: 'Pod', name: pod },
    })),
  };
}

export function pod(name: string, labels: Readonly<Record<string, string>> = {}): PodObject {
  return { metadata: { name, namespace, labels } };
}
