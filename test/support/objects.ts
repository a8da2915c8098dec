import { DEPLOYMENTS, REPLICA_SETS, SERVICES, type KubernetesObject, type Resource } from '@weir/kubernetes';

export const MAPPINGS: Resource = { group: 'getambassador.io', version: 'v2', plural: 'mappings' };
export const NAMESPACE_LIST: Resource = { group: '', version: 'v1', plural: 'namespaces' };
export { DEPLOYMENTS, REPLICA_SETS, SERVICES };

/** A Deployment whose fake pods are ready at once. */
export function deployment(name: string, labels: Readonly<Record<string, string>>, replicas = 1): KubernetesObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'app:1' }] } },
    },
  } as KubernetesObject;
}

export function service(name: string, selector: Readonly<Record<string, string>>): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector, ports: [{ port: 80, targetPort: 8080 }] },
  } as KubernetesObject;
}

export function mapping(
  name: string,
  spec: object = {},
  labels: Readonly<Record<string, string>> = {},
): KubernetesObject {
  return {
    apiVersion: 'getambassador.io/v2',
    kind: 'Mapping',
    metadata: { name, labels },
    spec: { prefix: `/${name}`, rewrite: '/', service: 'someapp-stable:80', ...spec },
  } as KubernetesObject;
}

/** Steps in the manifest's words. */
export type ManifestStep =
  | { setWeight: number }
  | { pause: { duration?: string | number } }
  | { setCanaryScale: { replicas: number } | { weight: number } | { matchTrafficWeight: true } };

export function rollout(name: string, steps: readonly ManifestStep[], mappings: readonly string[] | undefined) {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name },
    spec: {
      strategy: {
        canary: {
          stableService: 'someapp-stable',
          canaryService: 'someapp-canary',
          trafficRouting: { ambassador: { ...(mappings && { mappings }) } },
          steps,
        },
      },
    },
  };
}
