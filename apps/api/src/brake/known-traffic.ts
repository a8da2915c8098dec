import { ownerOf, type Mapping, type Owner } from '@weir/mapping';
import { CANARY_REVISION_ANNOTATION, type RolloutSpec } from '@weir/rollout';
import { parseSpec } from '@weir/rollout/manifest';
import type { RolloutObject } from '../cluster/rollout-object.ts';

/** What the brake has to know of a Rollout. */
export interface KnownRollout {
  readonly uid: string;
  readonly generation: number;
  /** undefined: it cannot be read, so no run moves traffic by it. */
  readonly spec: RolloutSpec | undefined;
}

/** What the brake has to know of a canary Mapping. */
export interface KnownCanary {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Percent; without one the gateway shares equally, which is not known here: then all. */
  readonly weight: number;
  readonly owner: Pick<Owner, 'installation' | 'workflowId'>;
  /** The revision that is tried; undefined: made before Weir noted it. */
  readonly revision?: string;
}

export function knownRollout({ metadata, spec }: RolloutObject): KnownRollout {
  const parsed = parseSpec(spec, metadata.annotations);
  return {
    uid: metadata.uid ?? '',
    generation: metadata.generation ?? 0,
    spec: parsed.ok ? parsed.spec : undefined,
  };
}

/** @returns undefined for a Mapping that does not say whose it is */
export function knownCanary(mapping: Mapping): KnownCanary | undefined {
  const owner = ownerOf(mapping);
  const { namespace = '', name, uid = '', resourceVersion = '', annotations } = mapping.metadata;
  const revision = annotations?.[CANARY_REVISION_ANNOTATION];
  return (
    owner && {
      namespace,
      name,
      uid,
      resourceVersion,
      weight: typeof mapping.spec.weight === 'number' ? mapping.spec.weight : 100,
      owner,
      // An empty one is that of a run which did not know it yet.
      ...(revision && { revision }),
    }
  );
}
