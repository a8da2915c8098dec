import { Inject, Injectable } from '@nestjs/common';
import { ROLLOUTS, isKubernetesError, type KubernetesClient, type Location, type ObjectList } from '@weir/kubernetes';
import { INSTANCE_ID, INSTANCE_ID_LABEL, USER_FIELD_MANAGER } from '@weir/rollout';
import type { StoredRollout } from '@weir/rollout/manifest';
import { KUBERNETES } from '../app/dependencies.ts';
import type { RolloutKey } from '../http/parameters.ts';
import type { RolloutObject } from './rollout-object.ts';

/** All requests of one answer to Kubernetes together: with Temporal's 4.5 s and a second glance, under 10 s. */
const KUBERNETES_TIMEOUT_MS = 4_000;

/** The time that one request of a caller may spend with Kubernetes. */
export function kubernetesDeadline(): AbortSignal {
  return AbortSignal.timeout(KUBERNETES_TIMEOUT_MS);
}

export interface ApplyFlags {
  readonly force: boolean;
  readonly dryRun: boolean;
}

/** A manifest as it is applied: of its spec, what is the user's to say. */
export type AppliedRollout = Omit<StoredRollout, 'spec'> & { readonly spec: object };

/** Rollouts in Kubernetes, as a whole: {@link SpecWriter} changes parts of one. */
@Injectable()
export class RolloutStore {
  constructor(@Inject(KUBERNETES) private readonly kubernetes: KubernetesClient) {}

  /** The Rollout, or undefined when there is none. */
  async find(key: RolloutKey, signal: AbortSignal): Promise<RolloutObject | undefined> {
    try {
      return await this.kubernetes.get<RolloutObject>(at(key), { signal });
    } catch (error) {
      if (isKubernetesError(error, 'notFound')) {
        return undefined;
      }
      throw error;
    }
  }

  /** Server-side apply as the user's field manager. */
  apply(rollout: AppliedRollout, { force, dryRun }: ApplyFlags, signal: AbortSignal): Promise<RolloutObject> {
    const options = { fieldManager: USER_FIELD_MANAGER, force, dryRun, signal };
    return this.kubernetes.apply<RolloutObject>(at(rollout.metadata), rollout, options);
  }

  async delete(key: RolloutKey, uid: string | undefined, signal: AbortSignal): Promise<void> {
    await this.kubernetes.delete(at(key), { ...(uid !== undefined && { uid }), signal });
  }

  /** A page of the Rollouts that are Weir's. */
  list(
    namespace: string | undefined,
    page: { readonly limit: number; readonly continue?: string | undefined },
    signal: AbortSignal,
  ): Promise<ObjectList<RolloutObject>> {
    return this.kubernetes.list<RolloutObject>(
      { resource: ROLLOUTS, ...(namespace !== undefined && { namespace }) },
      {
        labelSelector: `${INSTANCE_ID_LABEL}=${INSTANCE_ID}`,
        limit: page.limit,
        ...(page.continue !== undefined && { continue: page.continue }),
        signal,
      },
    );
  }
}

function at({ namespace, name }: RolloutKey): Location {
  return { resource: ROLLOUTS, namespace, name };
}
