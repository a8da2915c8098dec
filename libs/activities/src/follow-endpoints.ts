import type { KubernetesObject } from '@weir/kubernetes';

export interface EndpointSlice extends KubernetesObject {
  /** The API server writes null, and not an empty list, for a Service without pods. */
  readonly endpoints?:
    | readonly {
        readonly conditions?: { readonly ready?: boolean };
        readonly targetRef?: { readonly kind?: string; readonly name?: string };
      }[]
    | null;
}

export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

/** Whose endpoints, and who wants to know. */
export interface Following {
  readonly namespace: string;
  readonly service: string;
  /** Names of the pods that its EndpointSlices call ready; at once when they are known, then with each change. */
  readonly onReady: (pods: readonly string[]) => void;
  /** What keeps them from being known. */
  readonly onBreak: (error: unknown) => void;
  /** Aborted when nobody wants to know any more. */
  readonly signal: AbortSignal;
}

/** Follows the endpoints of a Service: one watch for all of them, because each run waits for two. */
export type FollowEndpoints = (following: Following) => void;

/** Pods that one EndpointSlice calls ready; one that says nothing of a pod means that it is (Kubernetes API reference). */
export function readyPods({ endpoints }: EndpointSlice): string[] {
  return (endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
    .map(({ targetRef }) => targetRef?.name ?? '');
}
