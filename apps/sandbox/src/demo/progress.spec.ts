import { describe, expect, it } from '@jest/globals';
import {
  type RevisionView,
  type RolloutView,
  isOver,
  progressKey,
  progressLine,
  withImage,
  withPauses,
} from './progress.ts';

const NOW = Date.parse('2026-01-01T00:00:30Z');
const stable: RevisionView = { role: 'stable', replicas: 3, available: 3 };
const pausing: RolloutView = {
  phase: 'Paused',
  message: 'CanaryPauseStep',
  weight: { written: 30 },
  step: { index: 1, count: 4, description: 'pause 60s' },
  revisions: [{ role: 'canary', replicas: 1, available: 1 }, stable],
  pause: { startedAt: '2026-01-01T00:00:00Z', deadline: '2026-01-01T00:01:00Z' },
};

describe('the progress line', () => {
  it.each<[string, RolloutView, string]>([
    ['nothing is known yet', {}, 'not started'],
    [
      'a first deploy',
      {
        phase: 'Progressing',
        message: 'waiting for pods',
        weight: { written: 0 },
        step: { index: 4, count: 4 },
        revisions: [{ role: 'canary', replicas: 3, available: 1 }],
      },
      'Progressing · weight 0 % · canary 1/3 · all 4 steps done · waiting for pods',
    ],
    ['a timed pause', pausing, 'Paused · weight 30 % · stable 3/3 · canary 1/1 · step 2/4: pause 60s · 30 s left'],
    [
      'a pause until somebody promotes',
      { ...pausing, pause: { startedAt: '2026-01-01T00:00:00Z', deadline: null } },
      'Paused · weight 30 % · stable 3/3 · canary 1/1 · step 2/4: pause 60s · paused until promoted',
    ],
    [
      'a pause that is just over',
      { ...pausing, pause: { startedAt: '2026-01-01T00:00:00Z', deadline: '2026-01-01T00:00:29Z' } },
      'Paused · weight 30 % · stable 3/3 · canary 1/1 · step 2/4: pause 60s · 0 s left',
    ],
    [
      'a step without a description',
      { phase: 'Progressing', step: { index: 0, count: 4 }, pause: null, message: 'more replicas' },
      'Progressing · step 1/4 · more replicas',
    ],
    [
      'a rollout without steps, and old pods that are kept for a while',
      {
        phase: 'Healthy',
        weight: { written: 0 },
        step: { index: 0, count: 0 },
        message: 'promoted',
        revisions: [stable, { role: 'old', replicas: 3, available: 2 }, { role: 'old', replicas: 0, available: 0 }],
      },
      'Healthy · stable 3/3 · old 2/3',
    ],
  ])('says of %s', (_, view, expected) => {
    expect(progressLine(view, NOW)).toBe(expected);
  });

  it('says beside the weight what the gateways are seen to make of it', () => {
    expect(progressLine(pausing, NOW, 29.64)).toMatch(/^Paused · weight 30 % \(observed 29\.6 %\) · stable/);
  });

  it('is the same while only the clock runs, and another at a new weight or with another pod', () => {
    expect(progressKey(pausing)).toBe(progressKey({ ...pausing }));
    expect(progressKey(pausing)).not.toBe(progressKey({ ...pausing, weight: { written: 60 } }));
    expect(progressKey(pausing)).not.toBe(progressKey({ ...pausing, revisions: [stable] }));
  });
});

describe('the end of a run', () => {
  const run = { workflowId: 'rollout/c/n/someapp', status: 'RUNNING' };
  it.each<[string, RolloutView, boolean]>([
    ['a run that has not been seen', {}, false],
    ['one that is under way', { run, phase: 'Progressing' }, false],
    ['one that is ending', { run, phase: 'Progressing', outcome: 'promoted' }, false],
    ['one that only keeps old pods', { run, phase: 'Healthy', outcome: 'promoted' }, true],
    ['one that was aborted', { run, phase: 'Degraded', outcome: 'aborted' }, true],
    ['one that is Healthy from before', { run, phase: 'Healthy' }, false],
    ['one that has closed', { run: { ...run, status: 'COMPLETED' }, phase: 'Progressing' }, true],
  ])('%s: %s', (_, view, expected) => {
    expect(isOver(view)).toBe(expected);
  });
});

describe('another manifest', () => {
  it('with shorter pauses: the durations, and nothing else', () => {
    const manifest =
      "steps:\n- setWeight: 30\n- pause: {duration: 60s}\n- pause:\n    duration: '1h30m' # long\n- pause: {}\n";
    expect(withPauses(manifest, '5s')).toBe(
      'steps:\n- setWeight: 30\n- pause: {duration: 5s}\n- pause:\n    duration: 5s # long\n- pause: {}\n',
    );
  });

  it('with a new version: the image, and nothing else', () => {
    expect(withImage('containers:\n- name: someapp\n  image: someapp:1.0.0 # first\n', 'someapp:2.0.0')).toBe(
      'containers:\n- name: someapp\n  image: someapp:2.0.0 # first\n',
    );
  });
});
