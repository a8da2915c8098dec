import { type KubernetesClient, type RequestOptions } from '@weir/kubernetes';
import {
  POD_TEMPLATE_HASH_LABEL,
  type Observation,
  type Problem,
  type ServiceRevisions,
  type Workload,
  type WorkloadSpec,
} from '@weir/rollout';
import { selectorText } from '@weir/rollout/manifest';
import type { RolloutObject, ServiceObject } from './objects.ts';
import { readPodSource, type PodSource } from './pod-template.ts';
import { hashOf, replicaSetsOf, toRevision, type ReplicaSetObject } from './replica-sets.ts';
import { wantedRevision } from './wanted-revision.ts';

export interface ObservedWorkload extends Pick<Observation, 'workload' | 'revision'> {
  readonly problems: readonly Problem[];
}

/** Reads the pods of a Rollout, and which revision its template is. */
export async function observeWorkload(
  kubernetes: KubernetesClient,
  rollout: RolloutObject,
  { ref }: WorkloadSpec,
  services: Promise<{ readonly stable?: ServiceObject | undefined; readonly canary?: ServiceObject | undefined }>,
  options: RequestOptions,
): Promise<ObservedWorkload> {
  const { namespace = '', uid = '' } = rollout.metadata;
  const [{ stable, canary }, source, existing] = await Promise.all([
    services,
    readPodSource(kubernetes, rollout, ref, options),
    replicaSetsOf(kubernetes, namespace, uid, options),
  ]);
  const wanted = source && (await wantedRevision(kubernetes, rollout, source, existing, options));
  const found = workloadOf({ stable, canary, stableRS: rollout.status?.stableRS, existing, source, wanted });
  if (source === undefined) {
    const message = `${ref?.kind ?? 'the template'} ${ref?.name ?? ''} does not exist: there is no pod template`;
    return { ...found, problems: [{ reason: 'WorkloadNotFound', message }] };
  }
  return { ...found, problems: [] };
}

/** What was read of a Rollout's pods. */
interface ReadPods {
  readonly stable: Selecting | undefined;
  readonly canary: Selecting | undefined;
  /** From the status. */
  readonly stableRS: string | undefined;
  readonly existing: readonly ReplicaSetObject[];
  /** undefined, with `wanted`: there is no pod template. */
  readonly source: PodSource | undefined;
  /** Revision of the template. */
  readonly wanted: string | undefined;
}

interface Selecting {
  readonly spec?: { readonly selector?: Readonly<Record<string, string>> };
}

/**
 * The revisions of a Rollout. Stable is the one that the stable Service selects, because that is where the traffic goes; the
 * status says it where the selector does not. Pure.
 */
export function workloadOf({ stable, canary, stableRS, existing, source, wanted = '' }: ReadPods): {
  readonly revision: { readonly stable: string; readonly canary: string };
  readonly workload: Workload;
} {
  const services = { ...selectedBy('stable', stable), ...selectedBy('canary', canary) };
  const known = existing.map(hashOf);
  const serving = [services.stable, stableRS].find((hash) => hash !== undefined && known.includes(hash));
  return {
    revision: { stable: serving ?? '', canary: wanted },
    workload: {
      revisions: existing.map(toRevision),
      services,
      selector: source === undefined ? '' : selectorText(source.selector),
      ...(source?.referenced && { referenced: source.referenced }),
    },
  };
}

function selectedBy(role: keyof ServiceRevisions, service: Selecting | undefined): ServiceRevisions {
  const hash = service?.spec?.selector?.[POD_TEMPLATE_HASH_LABEL];
  return hash === undefined ? {} : { [role]: hash };
}
