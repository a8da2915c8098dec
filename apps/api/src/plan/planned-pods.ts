import { newReplicaSet, roleValues } from '@weir/activities';
import {
  DEFAULT_REPLICAS,
  MANAGED_BY_ANNOTATION,
  POD_TEMPLATE_HASH_LABEL,
  REVISION_ANNOTATION,
  ROLLOUT_API_VERSION,
  ROLLOUT_KIND,
  SCALE_DOWN_ANNOTATION,
  WORKER_FIELD_MANAGER,
  newRevisionLooks,
  type LabelledRevision,
  type PodMetadata,
  type Run,
  type ServiceRevisions,
} from '@weir/rollout';
import type { PlanInput } from './plan-input.ts';
import type { PlannedWrite } from './plan.schemas.ts';
import type { PlannedSize } from './planned-revisions.ts';

type Target = Pick<PlannedWrite, 'apiVersion' | 'kind' | 'name'>;

/** One write a ReplicaSet. */
export function replicaSets(input: PlanInput, run: Run, sizes: readonly PlannedSize[], nowMs: number): PlannedWrite[] {
  return sizes.flatMap((size) =>
    size.before === undefined ? created(input, run, size) : resized(input, run, size, nowMs),
  );
}

function created(input: PlanInput, run: Run, { after }: PlannedSize): PlannedWrite[] {
  const { namespace = '', name, uid = '' } = input.rollout.metadata;
  const source = input.pods?.wanted?.source;
  const { minReadySeconds, replicas } = (input.rollout.spec ?? {}) as {
    readonly minReadySeconds?: number;
    readonly replicas?: number;
  };
  if (source === undefined) {
    return [];
  }
  const body = newReplicaSet({
    rollout: { namespace, name, uid },
    source,
    hash: after.hash,
    number: after.number,
    replicas: after.replicas,
    ...(minReadySeconds !== undefined && { minReadySeconds }),
    ...newRevisionLooks(run),
  });
  const rollout = { apiVersion: ROLLOUT_API_VERSION, kind: ROLLOUT_KIND, name };
  return [
    ...(replicas === undefined ? [write(input, run, 'PATCH', rollout, { spec: { replicas: DEFAULT_REPLICAS } })] : []),
    write(input, run, 'POST', replicaSet(after.name), body),
  ];
}

function resized(input: PlanInput, run: Run, { before, after, target }: PlannedSize, nowMs: number): PlannedWrite[] {
  const { scaleDownAtMs } = target;
  const annotations = {
    ...(scaleDownAtMs !== undefined && {
      [SCALE_DOWN_ANNOTATION]: scaleDownAtMs === null ? null : inSeconds(scaleDownAtMs - nowMs),
    }),
    ...(before?.number !== after.number && { [REVISION_ANNOTATION]: String(after.number) }),
  };
  const metadata = Object.keys(annotations).length === 0 ? {} : { metadata: { annotations } };
  return [write(input, run, 'PATCH', replicaSet(after.name), { ...metadata, spec: { replicas: after.replicas } })];
}

/** When it will be nobody knows who does not know how long people take to promote. */
function inSeconds(ms: number): string {
  return `<${Math.round(ms / 1_000)} s after this write>`;
}

/** The hash goes into the selector beside what the user has there. */
export function services(input: PlanInput, run: Run, { stable, canary }: ServiceRevisions): PlannedWrite[] {
  const { spec, rollout } = input;
  const wanted = [
    [spec.stableService, stable],
    [spec.canaryService, canary],
  ] as const;
  return wanted.flatMap(([name, hash]) =>
    hash === undefined
      ? []
      : [
          write(
            input,
            run,
            'PATCH',
            { apiVersion: 'v1', kind: 'Service', name },
            {
              metadata: { annotations: { [MANAGED_BY_ANNOTATION]: rollout.metadata.name } },
              spec: { selector: { [POD_TEMPLATE_HASH_LABEL]: hash } },
            },
          ),
        ],
  );
}

/** Which pods they will be is not known before. */
export function evictions(input: PlanInput, run: Run, beforeMs: number): PlannedWrite[] {
  const name = `<each pod that is older than ${new Date(beforeMs).toISOString()}>`;
  return [write(input, run, 'POST', { apiVersion: 'policy/v1', kind: 'Eviction', name }, null)];
}

export function trimmed(input: PlanInput, run: Run, names: readonly string[]): PlannedWrite[] {
  return names.map((name) => write(input, run, 'DELETE', replicaSet(name), null));
}

export function referenced(input: PlanInput, run: Run, name: string, replicas: number): PlannedWrite[] {
  const target = { apiVersion: 'apps/v1', kind: 'Deployment', name };
  return [write(input, run, 'PATCH', target, { spec: { replicas } })];
}

/** The metadata of a role: on the ReplicaSet for pods to come, and on those that are there. */
export function labelled(input: PlanInput, run: Run, revisions: readonly LabelledRevision[]): PlannedWrite[] {
  return revisions.flatMap(({ podTemplateHash, metadata: own }) => {
    const revision = run.workload?.revisions.find(({ hash }) => hash === podTemplateHash);
    const name = revision?.name ?? podTemplateHash;
    const before = JSON.parse(revision?.roleMetadata ?? '{}') as PodMetadata;
    const metadata = roleValues(own, before);
    const pods = { apiVersion: 'v1', kind: 'Pod', name: `<each pod of ${name}>` };
    return [
      write(input, run, 'PATCH', replicaSet(name), { spec: { template: { metadata } } }),
      write(input, run, 'PATCH', pods, { metadata }),
    ];
  });
}

function replicaSet(name: string): Target {
  return { apiVersion: 'apps/v1', kind: 'ReplicaSet', name };
}

function write(
  { rollout }: PlanInput,
  { stage, stepIndex, spec }: Run,
  verb: PlannedWrite['verb'],
  target: Target,
  body: unknown,
): PlannedWrite {
  const namespace = rollout.metadata.namespace ?? '';
  const step = stage === 'stepping' && stepIndex < spec.steps.length ? stepIndex : null;
  return { verb, fieldManager: WORKER_FIELD_MANAGER, ...target, namespace, step, body };
}
