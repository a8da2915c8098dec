/** What the API answers of a rollout, as far as the demo shows it. Fields may be missing before the run has begun. */
export interface RolloutView {
  readonly phase?: string | null;
  readonly message?: string | null;
  readonly step?: { readonly index: number; readonly count: number; readonly description?: string | null } | null;
  readonly pause?: { readonly startedAt: string; readonly deadline: string | null } | null;
  /** Once the run is over: `promoted`, or why not. */
  readonly outcome?: string | null;
  readonly run?: { readonly workflowId: string; readonly runId: string; readonly status: string } | null;
}

/** The state of a rollout in one line: phase, step, weight of the canary Mapping, time left. */
export function progressLine(view: RolloutView, canaryWeight: number | undefined, nowMs: number): string {
  const { phase, step, pause, message } = view;
  const parts = [phase ?? 'not started'];
  if (step) {
    parts.push(stepText(step));
  }
  parts.push(canaryWeight === undefined ? 'no canary Mapping' : `canary Mapping takes ${canaryWeight} %`);
  if (pause) {
    parts.push(pauseText(pause.deadline, nowMs));
  } else if (message && phase !== 'Healthy' && !(step?.description && message.endsWith(step.description))) {
    parts.push(message);
  }
  return parts.join(' · ');
}

/** The same line without what only the clock changes: two with the same key say the same. */
export function progressKey(view: RolloutView, canaryWeight: number | undefined): string {
  return progressLine({ ...view, pause: view.pause && { ...view.pause, deadline: null } }, canaryWeight, 0);
}

/** Puts other durations in place of those of the pauses in a manifest; the rest of the text stays. */
export function withPauses(manifest: string, duration: string): string {
  return manifest.replaceAll(/(\bduration: *)[^\s,}]+/g, `$1${duration}`);
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
