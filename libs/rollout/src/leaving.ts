import { weightCounts } from './gateway.ts';
import { servingHash, type RunWithPods } from './pods.ts';
import type { RevisionTarget } from './replicas.ts';
import type { Revision } from './workload.ts';

export interface Leaving {
  readonly target?: RevisionTarget;
  /** It keeps its pods until then. */
  readonly untilMs?: number;
}

/**
 * The revisions without a role that still have pods, and what becomes of them: none loses pods while a Service selects it, nor
 * before its delay is over, nor before the gateway has had time to act on the last Mapping write (design, traffic rule 8).
 */
export function goingAway(run: RunWithPods, nowMs: number): Leaving[] {
  const { scaleDownDelayRevisionLimit: limit = Number.POSITIVE_INFINITY } = run.spec.workload;
  const settledAtMs = (run.lastMappingWriteMs ?? 0) + run.spec.workload.gatewaySettleSeconds * 1_000;
  const newestFirst = withoutRole(run).sort((a, b) => b.number - a.number);
  let waiting = 0;
  return newestFirst.map((revision) => {
    const deadlineMs = deadlineOf(run, revision);
    if (deadlineMs === undefined || isSelected(run, revision.hash)) {
      return {};
    }
    const isDelayed = deadlineMs > nowMs && waiting++ < limit;
    const untilMs = Math.max(isDelayed ? deadlineMs : 0, settledAtMs);
    const { hash: podTemplateHash, replicas, scaleDownAtMs } = revision;
    if (untilMs <= nowMs && run.stage === 'settling' && !weightCounts(run)) {
      return {}; // The gateway may send it requests still.
    }
    if (untilMs <= nowMs) {
      return { target: { podTemplateHash, replicas: 0, ...(scaleDownAtMs !== undefined && { scaleDownAtMs: null }) } };
    }
    const isNoted = !isDelayed || scaleDownAtMs !== undefined;
    return {
      untilMs,
      ...(!isNoted && { target: { podTemplateHash, replicas, scaleDownAtMs: wholeSecond(deadlineMs) } }),
    };
  });
}

/** Whether all that keeps pods of another revision is what the gateway serves. */
export function keepsPodsForGateway(run: RunWithPods, nowMs: number): boolean {
  const isOver = ({ hash, replicas }: Revision): boolean => replicas > 0 && !isSelected(run, hash);
  const isNoted = goingAway(run, nowMs).every(({ untilMs }) => untilMs === undefined);
  return !weightCounts(run) && isNoted && withoutRole(run).some(isOver);
}

function withoutRole(run: RunWithPods): Revision[] {
  const { stage, revision } = run;
  const roles = stage === 'settling' ? [servingHash(run)] : [revision.stable, revision.canary];
  return run.workload.revisions.filter(({ hash, replicas }) => replicas > 0 && !roles.includes(hash));
}

/**
 * Until when a revision keeps its pods; 0: it need not, undefined: for ever. One that just lost its role gets its delay, any
 * other what its ReplicaSet says.
 */
function deadlineOf(run: RunWithPods, revision: Revision): number | undefined {
  const { scaleDownAtMs } = revision;
  if (run.stage !== 'settling') {
    return scaleDownAtMs ?? 0;
  }
  if (servingHash(run) === '') {
    return undefined; // Nothing took over from it.
  }
  const delaySeconds = delaySecondsOf(run, revision);
  return delaySeconds === undefined ? undefined : (scaleDownAtMs ?? (run.settlingSinceMs ?? 0) + delaySeconds * 1_000);
}

function delaySecondsOf(run: RunWithPods, { hash }: Revision): number | undefined {
  const { scaleDownDelaySeconds, abortScaleDownDelaySeconds = 0, dynamicStableScale } = run.spec.workload;
  if (hash === run.revision.stable) {
    return dynamicStableScale ? 0 : scaleDownDelaySeconds;
  }
  if (hash !== run.revision.canary || run.ending?.outcome !== 'aborted') {
    return 0;
  }
  const isKept = run.spec.workload.abortScaleDownDelaySeconds === 0;
  return isKept ? undefined : abortScaleDownDelaySeconds;
}

function wholeSecond(epochMs: number): number {
  return Math.ceil(epochMs / 1_000) * 1_000;
}

function isSelected({ workload: { services } }: RunWithPods, hash: string): boolean {
  return services.stable === hash || services.canary === hash;
}
