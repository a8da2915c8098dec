import { assertNever } from './assert-never.ts';
import { formatDuration } from './duration.ts';
import type { Step } from './types.ts';

/** One step in the words of the manifest. */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case 'setWeight':
      return `setWeight ${step.weight}`;
    case 'pause':
      return step.durationMs === undefined ? 'pause until promoted' : `pause ${formatDuration(step.durationMs)}`;
    default:
      return assertNever(step);
  }
}

/** Weight that the canary has once the steps before `stepIndex` are done. */
export function weightBeforeStep(steps: readonly Step[], stepIndex: number): number {
  return steps.slice(0, stepIndex).reduce((weight, step) => (step.kind === 'setWeight' ? step.weight : weight), 0);
}
