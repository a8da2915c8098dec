import { describe, expect, test } from '@jest/globals';
import { renderDetails } from './details.ts';
import { newRun, type Run } from './run.ts';
import { rolloutStatus, runSummary, timestamp } from './status.ts';

const START_MS = Date.UTC(2026, 0, 1, 12, 0, 0, 900);
const NOW_MS = START_MS + 5_000;

const PAUSED: Run = {
  ...newRun(),
  stage: 'stepping',
  looked: true,
  uid: 'uid-1',
  generation: 7,
  revision: { stable: 'old', canary: 'new' },
  spec: {
    stableService: 'app-stable',
    canaryService: 'app-canary',
    mappings: ['app'],
    steps: [{ kind: 'setWeight', weight: 30 }, { kind: 'pause', durationMs: 90_000 }, { kind: 'pause' }],
  },
  stepIndex: 1,
  stepRecords: [{ startedAtMs: START_MS, endedAtMs: START_MS }, { startedAtMs: START_MS }],
  pauseDeadlineMs: START_MS + 90_000,
  intendedWeight: 30,
  writtenWeight: 30,
};
const ABORTED: Run = {
  ...PAUSED,
  stage: 'closing',
  writtenWeight: 0,
  ending: { outcome: 'aborted', reason: 'RolloutAborted', message: 'aborted by ana', by: { actor: 'ana' } },
  endingAtMs: START_MS + 1_000,
};
const PROMOTED: Run = {
  ...PAUSED,
  stage: 'closing',
  promotion: 'cleanup',
  writtenWeight: 0,
  ending: { outcome: 'promoted', reason: 'RolloutCompleted', message: 'done' },
};

describe('the status of a Rollout', () => {
  test.each<[string, Run, string, string]>([
    ['says Paused in a pause, in the words of Argo', PAUSED, 'Paused', 'CanaryPauseStep'],
    [
      'says Paused and by whom while it is held',
      { ...PAUSED, held: { actor: 'ben', atMs: 0 } },
      'Paused',
      'manually paused by ben',
    ],
    ['says Progressing in a weight step', { ...PAUSED, stepIndex: 0 }, 'Progressing', 'step 1 of 3: setWeight 30'],
    [
      'says Progressing after the last step',
      { ...PAUSED, stepIndex: 3 },
      'Progressing',
      'all steps are done, looking at the canary once more before it takes everything',
    ],
    ['says Degraded and why after an abort', ABORTED, 'Degraded', 'RolloutAborted: aborted by ana'],
    [
      'says Degraded as soon as an abort is taken',
      { ...ABORTED, stage: 'retreating' },
      'Degraded',
      'RolloutAborted: aborted by ana',
    ],
    ['says Healthy only once a promoted run has cleaned up', PROMOTED, 'Healthy', ''],
    ['says Progressing while a promoted run cleans up', { ...PROMOTED, stage: 'releasing' }, 'Progressing', 'done'],
    [
      'says that the label is off',
      { ...PAUSED, owned: false },
      'Paused',
      'NotOwned: the instance-id label no longer names Weir; put it back to go on',
    ],
  ])('%s', (_name, run, phase, message) => {
    expect(rolloutStatus(run, NOW_MS)).toMatchObject({ phase, message, observedGeneration: '7' });
  });

  test('shows a pause as begun no later than it did', () => {
    expect(rolloutStatus(PAUSED, NOW_MS).pauseConditions).toEqual([
      { reason: 'CanaryPauseStep', startTime: '2026-01-01T12:00:00Z' },
    ]);
  });

  test('gives the weights of both sides with their Services and revisions', () => {
    expect(rolloutStatus(PAUSED, NOW_MS).canary).toEqual({
      weights: {
        canary: { weight: 30, serviceName: 'app-canary', podTemplateHash: 'new' },
        stable: { weight: 70, serviceName: 'app-stable', podTemplateHash: 'old' },
      },
    });
  });

  test('is at the end of the steps when promoted, and at step 0 when aborted', () => {
    expect(rolloutStatus(PROMOTED, NOW_MS)).toMatchObject({ currentStepIndex: 3, stableRS: 'new' });
    expect(rolloutStatus(ABORTED, NOW_MS)).toMatchObject({
      currentStepIndex: 0,
      stableRS: 'old',
      abort: true,
      abortedAt: timestamp(START_MS + 1_000),
    });
  });

  test('keeps the time of a condition that did not change', () => {
    const { conditions } = rolloutStatus(PAUSED, START_MS);
    const later = rolloutStatus({ ...PAUSED, conditions }, START_MS + 60_000);
    expect(later.conditions.map(({ lastTransitionTime }) => lastTransitionTime)).toEqual(
      conditions.map(({ lastTransitionTime }) => lastTransitionTime),
    );
    const promoted = rolloutStatus({ ...PROMOTED, conditions }, START_MS + 60_000);
    expect(promoted.conditions.find(({ type }) => type === 'Healthy')).toMatchObject({
      status: 'True',
      lastTransitionTime: timestamp(START_MS + 60_000),
    });
  });
});

test('the summary has what Argo’s status has no field for', () => {
  expect(runSummary(PAUSED)).toEqual({
    weight: { intended: 30, written: 30 },
    pause: { startedAt: '2026-01-01T12:00:00Z', deadline: '2026-01-01T12:01:30.900Z' },
  });
  expect(runSummary(ABORTED)).toMatchObject({ outcome: 'aborted', reason: 'RolloutAborted', actor: 'ana' });
});

describe('the current details in the Temporal UI', () => {
  test('are a sentence and a table of the steps', () => {
    expect(renderDetails(PAUSED)).toBe(
      [
        '**Paused**: CanaryPauseStep · weight 30 % · pause ends 2026-01-01 12:01:30 UTC',
        '',
        '| # | step | state | started (UTC) | ended (UTC) | by |',
        '|---|---|---|---|---|---|',
        '| 1 | setWeight 30 | done | 12:00:00 | 12:00:00 |  |',
        '| 2 | pause 1m30s | under way | 12:00:00 |  |  |',
        '| 3 | pause until promoted | waiting |  |  |  |',
      ].join('\n'),
    );
  });

  test('show who ended a step, and let nobody break the table', () => {
    const by = { actor: 'a|b', reason: '<img src=x>\n# hi' };
    const run = { ...PAUSED, stepRecords: [{ startedAtMs: START_MS, endedAtMs: START_MS, by }] };
    expect(renderDetails(run).split('\n')[4]).toBe(
      '| 1 | setWeight 30 | done | 12:00:00 | 12:00:00 | a\\|b: \\<img src=x\\> \\# hi |',
    );
  });
});
