import { ApplicationFailure } from '@temporalio/common';
import type { CanaryRolloutActivities, ScaleReplicaSetsInput } from '@weir/contract';
import { REPLICA_SETS, isKubernetesError, type KubernetesClient } from '@weir/kubernetes';
import {
  DEFAULT_REPLICAS,
  REVISION_ANNOTATION,
  SCALE_DOWN_ANNOTATION,
  SUPERSEDED,
  WORKER_FIELD_MANAGER,
  podTemplateHash,
  timestamp,
  type Revision,
  type RevisionTarget,
  type Scaling,
} from '@weir/rollout';
import { parseSpec } from '@weir/rollout/manifest';
import { alive, isFirstAttempt } from './alive.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { cannotProceed, translated } from './failures.ts';
import { newReplicaSet } from './new-replica-set.ts';
import { orAbsent, rolloutAt, type RolloutObject } from './objects.ts';
import { podSourceIn, readPodSource, type PodSource } from './pod-template.ts';
import { hashOf, isRevision, ownedBy, replicaSetsOf, toRevision, type ReplicaSetObject } from './replica-sets.ts';
import { wantedRevision } from './wanted-revision.ts';

/**
 * One PATCH or POST a ReplicaSet, in parallel. Each PATCH carries a resourceVersion that was seen before this attempt wrote
 * anything, so that one that was thought dead and lands late changes nothing.
 */
export function scaleReplicaSets(dependencies: ActivityDependencies): CanaryRolloutActivities['scaleReplicaSets'] {
  const { kubernetes } = dependencies;
  return (input) =>
    translated(input.persistent === true ? 'cleanup' : 'step', () =>
      alive(async (signal) => {
        const existing = await existingOnes(dependencies, input, signal);
        const newest = Math.max(0, ...existing.map((one) => toRevision(one).number));
        const written = await Promise.all(
          input.targets.map(async (target) => {
            const found = existing.find((one) => hashOf(one) === target.podTemplateHash);
            if (found !== undefined) {
              return resize(kubernetes, found, target, { input, newest, signal });
            }
            return target.podTemplateHash === input.wanted
              ? createOne(dependencies, target, { input, existing, newest, signal })
              : undefined;
          }),
        );
        const done = written.filter((one) => one !== undefined);
        return {
          revisions: done.map(({ revision }) => revision),
          scalings: done.flatMap(({ scaling }) => scaling ?? []),
        };
      }),
    );
}

/**
 * Where each is to be written, those that the watch has seen are enough: the write over one that has moved on is refused with 409,
 * and the next attempt reads. That nothing is to be written, or that one is missing, is believed of what was read only.
 */
async function existingOnes(
  { kubernetes, seen }: ActivityDependencies,
  { rollout, uid, targets }: ScaleReplicaSetsInput,
  signal: AbortSignal,
): Promise<readonly ReplicaSetObject[]> {
  const known = isFirstAttempt() ? (seen?.replicaSets(uid)?.filter(isRevision) ?? []) : [];
  const isToBeWritten = ({ podTemplateHash, replicas, scaleDownAtMs }: RevisionTarget): boolean =>
    known.some(
      (one) =>
        hashOf(one) === podTemplateHash && (scaleDownAtMs !== undefined || toRevision(one).replicas !== replicas),
    );
  return targets.every(isToBeWritten) ? known : replicaSetsOf(kubernetes, rollout.namespace, uid, { signal });
}

interface Written {
  readonly revision: Revision;
  readonly scaling?: Scaling;
}

interface Circumstances {
  readonly input: ScaleReplicaSetsInput;
  /** Highest number of a revision. */
  readonly newest: number;
  readonly signal: AbortSignal;
}

async function resize(
  kubernetes: KubernetesClient,
  found: ReplicaSetObject,
  { replicas, scaleDownAtMs }: RevisionTarget,
  { input, newest, signal }: Circumstances,
): Promise<Written> {
  const revision = toRevision(found);
  const isOld = revision.hash === input.wanted && revision.number < newest;
  const annotations = {
    ...(scaleDownAtMs !== undefined && {
      [SCALE_DOWN_ANNOTATION]: scaleDownAtMs === null ? null : timestamp(scaleDownAtMs),
    }),
    // A revision that is wanted again is the newest one, as after an undo of a Deployment.
    ...(isOld && { [REVISION_ANNOTATION]: String(newest + 1) }),
  };
  if (revision.replicas === replicas && Object.keys(annotations).length === 0) {
    return { revision };
  }
  const { namespace = '', name, resourceVersion } = found.metadata;
  const patch = { metadata: { resourceVersion, annotations }, spec: { replicas } };
  const replicaSet = await kubernetes.mergePatch<ReplicaSetObject>({ resource: REPLICA_SETS, namespace, name }, patch, {
    fieldManager: WORKER_FIELD_MANAGER,
    signal,
  });
  const resized = toRevision(replicaSet);
  return { revision: resized, scaling: { name, number: resized.number, from: revision.replicas, to: replicas } };
}

async function createOne(
  dependencies: ActivityDependencies,
  { podTemplateHash: hash, replicas }: RevisionTarget,
  { input, existing, newest, signal }: Circumstances & { readonly existing: readonly ReplicaSetObject[] },
): Promise<Written> {
  const { kubernetes } = dependencies;
  const { rollout, uid, metadata, antiAffinity } = input;
  const { object, source } =
    seenSource(dependencies, hash, input) ?? (await wantedSource(kubernetes, hash, input, existing, signal));
  await writeDefaultReplicas(kubernetes, object, signal);
  const { minReadySeconds } = (object.spec ?? {}) as { minReadySeconds?: number };
  const number = newest + 1;
  const wanted = newReplicaSet({
    rollout: { namespace: rollout.namespace, name: rollout.name, uid },
    source,
    hash,
    number,
    replicas,
    ...(minReadySeconds !== undefined && { minReadySeconds }),
    ...(metadata && { metadata }),
    ...(antiAffinity && { antiAffinity }),
  });
  try {
    const at = { resource: REPLICA_SETS, namespace: rollout.namespace };
    const replicaSet = await kubernetes.create(at, wanted, { fieldManager: WORKER_FIELD_MANAGER, signal });
    return { revision: toRevision(replicaSet), scaling: { name: replicaSet.metadata.name, number, to: replicas } };
  } catch (error) {
    throw isKubernetesError(error, 'conflict') ? await whoseIsIt(kubernetes, wanted, signal) : error;
  }
}

interface WantedSource {
  readonly object: RolloutObject;
  readonly source: PodSource;
}

/** The template that the watch has seen, where it is the one: its hash says so. */
function seenSource(
  { seen }: ActivityDependencies,
  hash: string,
  { uid }: ScaleReplicaSetsInput,
): WantedSource | undefined {
  const object = isFirstAttempt() ? seen?.rollout(uid) : undefined;
  const source = object && podSourceIn(object);
  return source && podTemplateHash(source.template) === hash ? { object, source } : undefined;
}

/** @throws a final failure when the template is no longer that of the revision */
async function wantedSource(
  kubernetes: KubernetesClient,
  hash: string,
  { rollout, uid }: ScaleReplicaSetsInput,
  existing: readonly ReplicaSetObject[],
  signal: AbortSignal,
): Promise<WantedSource> {
  const object = await orAbsent(kubernetes.get<RolloutObject>(rolloutAt(rollout), { signal }));
  if (object?.metadata.uid === uid) {
    const parsed = parseSpec(object.spec, object.metadata.annotations);
    const ref = parsed.ok ? parsed.spec.workload?.ref : undefined;
    const source = await readPodSource(kubernetes, object, ref, { signal });
    // Its own hash was asked for because nothing that is there has its template; only another one's hash is worth a dry run.
    const isWanted =
      source !== undefined &&
      (podTemplateHash(source.template) === hash ||
        (await wantedRevision(kubernetes, object, source, existing, { signal })) === hash);
    if (isWanted) {
      return { object, source };
    }
  }
  const message = `the pod template of revision ${hash} is no longer the wanted one`;
  throw cannotProceed({ reason: SUPERSEDED, message });
}

/**
 * A Rollout that says nothing of `replicas` gets its default written: without a value there the scale subresource answers with
 * an error, and an autoscaler can do nothing (facts/rollout.md 1a).
 */
async function writeDefaultReplicas(
  kubernetes: KubernetesClient,
  { metadata: { namespace = '', name, resourceVersion }, spec }: RolloutObject,
  signal: AbortSignal,
): Promise<void> {
  if ((spec as { replicas?: unknown } | undefined)?.replicas === undefined) {
    const patch = { metadata: { resourceVersion }, spec: { replicas: DEFAULT_REPLICAS } };
    await kubernetes.mergePatch(rolloutAt({ namespace, name }), patch, { fieldManager: WORKER_FIELD_MANAGER, signal });
  }
}

/** One of that name exists, and is none of this Rollout's. That of a Rollout that was deleted is about to go. */
async function whoseIsIt(
  kubernetes: KubernetesClient,
  { metadata: { namespace = '', name } }: ReplicaSetObject,
  signal: AbortSignal,
): Promise<ApplicationFailure> {
  const found = await orAbsent(
    kubernetes.get<ReplicaSetObject>({ resource: REPLICA_SETS, namespace, name }, { signal }),
  );
  if (found === undefined || found.metadata.deletionTimestamp !== undefined || ownedBy(found) !== undefined) {
    return ApplicationFailure.retryable(
      `ReplicaSet ${name} is still there from a Rollout that was deleted`,
      'NotGoneYet',
    );
  }
  return cannotProceed({
    reason: 'ReplicaSetNotOurs',
    message: `ReplicaSet ${name} exists and is not the Rollout's: rename or delete it`,
  });
}
