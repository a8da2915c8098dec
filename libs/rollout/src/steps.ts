import { assertNever } from './assert-never.ts';
import { formatDuration } from './duration.ts';
import { shortHash } from './hash.ts';
import { onceEach } from './once-each.ts';
import type { SetCanaryScaleStep, Step } from './types.ts';

/** One step in the words of the manifest. */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case 'setWeight':
      return `setWeight ${step.weight}`;
    case 'pause':
      return step.durationMs === undefined ? 'pause until promoted' : `pause ${formatDuration(step.durationMs)}`;
    case 'setCanaryScale':
      return `setCanaryScale ${describeScale(step)}`;
    default:
      return assertNever(step);
  }
}

function describeScale({ replicas, weight }: SetCanaryScaleStep): string {
  return replicas === undefined
    ? weight === undefined
      ? 'matchTrafficWeight'
      : `weight ${weight}`
    : `replicas ${replicas}`;
}

/** What tells one list of steps from another: after an abort, other steps are another try. */
export const stepsHash = onceEach((steps: readonly Step[]): string => shortHash(JSON.stringify(steps)));

/** Weight that the canary has once the steps before `stepIndex` are done. */
export function weightBeforeStep(steps: readonly Step[], stepIndex: number): number {
  return steps.slice(0, stepIndex).reduce((weight, step) => (step.kind === 'setWeight' ? step.weight : weight), 0);
}
