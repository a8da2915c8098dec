import type { SpecWithWorkload } from './replicas.ts';
import type { Run } from './run.ts';
import type { AntiAffinity, PodMetadata } from './types.ts';
import { revisionWith, type Workload } from './workload.ts';

/** A run that has pods of its own, and knows them. */
export type RunWithPods = Run & { readonly spec: SpecWithWorkload; readonly workload: Workload };

export function hasPods(run: Run): run is RunWithPods {
  return run.spec.workload !== undefined && run.workload !== undefined;
}

/** The revision that has the traffic once the run is over: the new one from when its endpoints serve it. */
export function servingHash({ promotion, revision }: Run): string {
  return promotion === 'cleanup' ? revision.canary : revision.stable;
}

/** The revision that the Rollout wants: after a rollback in mid-run the stable one again. */
export function wantedHash(run: Run): string {
  const isBack = run.ending?.outcome === 'rolledBack' && run.promotion !== 'cleanup';
  return isBack ? run.revision.stable : run.revision.canary;
}

/** The revision whose pods a run may have to wait for. */
export function waitedFor(run: Run): string {
  return run.stage === 'settling' ? servingHash(run) : run.revision.canary;
}

/** Nothing serves yet: there is no traffic to shift. */
export function isFirstDeploy({ revision }: Run): boolean {
  return revision.stable === '';
}

/** What the pods of a new revision get besides their template: the metadata of their role, and which nodes they keep off. */
export function newRevisionLooks({ spec: { workload }, revision: { stable } }: Run): {
  readonly metadata?: PodMetadata;
  readonly antiAffinity?: AntiAffinity & { readonly against: string };
} {
  const { canaryMetadata, stableMetadata, antiAffinity } = workload ?? {};
  const metadata = stable === '' ? stableMetadata : canaryMetadata;
  return {
    ...(metadata && { metadata }),
    ...(antiAffinity && stable !== '' && { antiAffinity: { ...antiAffinity, against: stable } }),
  };
}

/** Available pods of a revision; 0 when it has no ReplicaSet. */
export function availableOf(run: Run, hash: string): number {
  return revisionWith(run.workload, hash)?.available ?? 0;
}

/** Whether a revision has all the pods of the Rollout, available. */
export function isFull(run: RunWithPods, hash: string): boolean {
  const revision = revisionWith(run.workload, hash);
  const { replicas } = run.spec.workload;
  return revision !== undefined && revision.replicas === replicas && revision.available >= replicas;
}

/** Whether pods are to be replaced that a restart was asked for and not done. */
export function isRestartPending({ spec, restartedAtMs = 0 }: Run): boolean {
  return (spec.workload?.restartAtMs ?? 0) > restartedAtMs;
}

/** Whether a person, or `spec.paused`, holds the steps. */
export function isHeld(run: Run): boolean {
  return run.held !== undefined || run.spec.paused === true;
}

/** The step that weights and sizes follow: one that is held has not begun, and -1 is before the first. */
export function currentStep(run: Run): number {
  return isHeld(run) ? run.stepIndex - 1 : run.stepIndex;
}
