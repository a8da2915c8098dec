/** What the API answers of a rollout, as far as the demo shows it. Fields may be missing before the run has begun. */
export interface RolloutView {
  readonly phase?: string | null;
  readonly message?: string | null;
  readonly step?: { readonly index: number; readonly count: number; readonly description?: string | null } | null;
  readonly weight?: { readonly written: number } | null;
  readonly pause?: { readonly startedAt: string; readonly deadline: string | null } | null;
  /** Newest first. */
  readonly revisions?: readonly RevisionView[];
  /** Once it is known how the run ends: `promoted`, or why not. */
  readonly outcome?: string | null;
  readonly run?: { readonly workflowId: string; readonly status: string } | null;
}

/** One revision; counts are pods. */
export interface RevisionView {
  readonly role: 'stable' | 'canary' | 'old';
  readonly podTemplateHash?: string;
  /** Wanted. */
  readonly replicas: number;
  readonly available: number;
}

const ROLES = ['stable', 'canary', 'old'] as const satisfies readonly RevisionView['role'][];

/**
 * The state of a rollout in one line: phase, weight, available and wanted pods of each revision, step, time left.
 * `Paused · weight 30 % (observed 29.6 %) · stable 3/3 · canary 1/1 · step 2/4: pause 1m · 42 s left`
 *
 * @param observedPercent - what the gateways make of the weight; absent: nobody knows yet
 */
export function progressLine(
  { phase, weight, revisions, step, pause, message }: RolloutView,
  nowMs: number,
  observedPercent?: number,
): string {
  const parts = [phase ?? 'not started'];
  // A rollout that is Healthy has no canary that could have a weight.
  if (weight && phase !== 'Healthy') {
    const observed = observedPercent === undefined ? '' : ` (observed ${observedPercent.toFixed(1)} %)`;
    parts.push(`weight ${weight.written} %${observed}`);
  }
  parts.push(...podsTexts(revisions ?? []));
  if (step && step.count > 0) {
    parts.push(stepText(step));
  }
  if (pause) {
    parts.push(pauseText(pause.deadline, nowMs));
  } else if (message && phase !== 'Healthy' && !(step?.description && message.endsWith(step.description))) {
    parts.push(message);
  }
  return parts.join(' · ');
}

/** The same line without what changes by itself, as the clock and the observed share do: two with the same key say the same. */
export function progressKey(view: RolloutView): string {
  return progressLine({ ...view, pause: view.pause && { ...view.pause, deadline: null } }, 0);
}

/**
 * Whether nothing of the run is left to be seen. Once traffic is where it belongs, the run stays open only for old pods,
 * which it keeps for a while.
 */
export function isOver({ run, outcome, phase }: RolloutView): boolean {
  const isClosed = run !== undefined && run !== null && run.status.toUpperCase() !== 'RUNNING';
  return isClosed || (Boolean(outcome) && (phase === 'Healthy' || phase === 'Degraded'));
}

/** Puts other durations in place of those of the pauses in a manifest; the rest of the text stays. */
export function withPauses(manifest: string, duration: string): string {
  return manifest.replaceAll(/(\bduration: *)[^\s,}]+/g, `$1${duration}`);
}

/** Puts another image in place of that of each container in a manifest; the rest of the text stays. */
export function withImage(manifest: string, image: string): string {
  return manifest.replaceAll(/(\bimage: *)[^\s,}]+/g, `$1${image}`);
}

/** Revisions without pods are history, and of no interest here. */
function podsTexts(revisions: readonly RevisionView[]): string[] {
  return ROLES.flatMap((role) =>
    revisions
      .filter((revision) => revision.role === role && (revision.replicas > 0 || revision.available > 0))
      .map(({ available, replicas }) => `${role} ${available}/${replicas}`),
  );
}

function stepText({ index, count, description }: NonNullable<RolloutView['step']>): string {
  // The index counts what is done, so it is as high as the count once the last step is over.
  const text = index >= count ? `all ${count} steps done` : `step ${index + 1}/${count}`;
  return description ? `${text}: ${description}` : text;
}

function pauseText(deadline: string | null, nowMs: number): string {
  if (deadline === null) {
    return 'paused until promoted';
  }
  const seconds = Math.max(0, Math.ceil((Date.parse(deadline) - nowMs) / 1000));
  return `${seconds} s left`;
}
