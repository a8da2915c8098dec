import { type KubernetesClient, type RequestOptions } from '@weir/kubernetes';
import { POD_TEMPLATE_HASH_LABEL, type Observation, type Problem, type WorkloadSpec } from '@weir/rollout';
import { selectorText } from '@weir/rollout/manifest';
import type { RolloutObject, ServiceObject } from './objects.ts';
import { readPodSource } from './pod-template.ts';
import { hashOf, replicaSetsOf, toRevision } from './replica-sets.ts';
import { wantedRevision } from './wanted-revision.ts';

export interface ObservedWorkload extends Pick<Observation, 'workload' | 'revision'> {
  readonly problems: readonly Problem[];
}

/**
 * The revisions of a Rollout. Stable is the one that the stable Service selects, because that is where the traffic goes; the
 * status says it where the selector does not.
 */
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
  const selected = {
    ...hashSelectedBy('stable', stable),
    ...hashSelectedBy('canary', canary),
  };
  const known = existing.map(hashOf);
  const stableHash = [selected.stable, rollout.status?.stableRS].find(
    (hash) => hash !== undefined && known.includes(hash),
  );
  const workload = {
    revisions: existing.map(toRevision),
    services: selected,
    selector: source === undefined ? '' : selectorText(source.selector),
    ...(source?.referenced && { referenced: source.referenced }),
  };
  if (source === undefined) {
    const message = `${ref?.kind ?? 'the template'} ${ref?.name ?? ''} does not exist: there is no pod template`;
    const problems = [{ reason: 'WorkloadNotFound', message }];
    return { workload, revision: { stable: stableHash ?? '', canary: '' }, problems };
  }
  const wanted = await wantedRevision(kubernetes, rollout, source, existing, options);
  return { workload, revision: { stable: stableHash ?? '', canary: wanted }, problems: [] };
}

function hashSelectedBy<Role extends 'stable' | 'canary'>(
  role: Role,
  service: ServiceObject | undefined,
): { readonly [role in Role]?: string } {
  const hash = service?.spec.selector?.[POD_TEMPLATE_HASH_LABEL];
  return (hash === undefined ? {} : { [role]: hash }) as { readonly [role in Role]?: string };
}
