import { describe, expect, it } from '@jest/globals';
import { type RolloutView, progressKey, progressLine, withPauses } from './progress.ts';

const NOW = Date.parse('2026-01-01T00:00:30Z');
const pausing: RolloutView = {
  phase: 'Paused',
  message: 'CanaryPauseStep',
  step: { index: 1, count: 4, description: 'pause 60s' },
  pause: { startedAt: '2026-01-01T00:00:00Z', deadline: '2026-01-01T00:01:00Z' },
};

describe('the progress line', () => {
  it.each<[string, RolloutView, number | undefined, string]>([
    ['nothing is known yet', {}, undefined, 'not started · no canary Mapping'],
    ['a timed pause', pausing, 30, 'Paused · step 2/4: pause 60s · canary Mapping takes 30 % · 30 s left'],
    [
      'a pause until somebody promotes',
      { ...pausing, pause: { startedAt: '2026-01-01T00:00:00Z', deadline: null } },
      30,
      'Paused · step 2/4: pause 60s · canary Mapping takes 30 % · paused until promoted',
    ],
    [
      'a pause that is just over',
      { ...pausing, pause: { startedAt: '2026-01-01T00:00:00Z', deadline: '2026-01-01T00:00:29Z' } },
      30,
      'Paused · step 2/4: pause 60s · canary Mapping takes 30 % · 0 s left',
    ],
    [
      'a step without a description',
      { phase: 'Progressing', step: { index: 0, count: 4 }, pause: null, message: 'more replicas' },
      0,
      'Progressing · step 1/4 · canary Mapping takes 0 % · more replicas',
    ],
    [
      'all steps done',
      { phase: 'Healthy', step: { index: 4, count: 4 }, message: 'promoted' },
      undefined,
      'Healthy · all 4 steps done · no canary Mapping',
    ],
  ])('says of %s', (_, view, weight, expected) => {
    expect(progressLine(view, weight, NOW)).toBe(expected);
  });

  it('is the same while only the clock runs, and another at a new weight', () => {
    expect(progressKey(pausing, 30)).toBe(progressKey({ ...pausing }, 30));
    expect(progressKey(pausing, 30)).not.toBe(progressKey(pausing, 60));
  });
});

describe('shorter pauses', () => {
  it('replace the durations and leave the rest of the manifest as it is', () => {
    const manifest =
      "steps:\n- setWeight: 30\n- pause: {duration: 60s}\n- pause:\n    duration: '1h30m' # long\n- pause: {}\n";
    expect(withPauses(manifest, '5s')).toBe(
      'steps:\n- setWeight: 30\n- pause: {duration: 5s}\n- pause:\n    duration: 5s # long\n- pause: {}\n',
    );
  });
});
