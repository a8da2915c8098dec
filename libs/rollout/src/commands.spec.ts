import { describe, expect, test } from '@jest/globals';
import { refuse, take, type Command } from './commands.ts';
import { newRun, type Run } from './run.ts';
import { pause, setWeight } from './testing/specs.ts';

const PAUSED: Run = {
  ...newRun(),
  stage: 'stepping',
  looked: true,
  uid: 'uid-1',
  stepIndex: 1,
  stepRecords: [{ startedAtMs: 0, endedAtMs: 0 }, { startedAtMs: 0 }],
  spec: {
    stableService: 's',
    canaryService: 'c',
    mappings: ['m'],
    steps: [{ kind: 'setWeight', weight: 30 }, { kind: 'pause' }, { kind: 'setWeight', weight: 60 }],
  },
  writtenWeight: 30,
};
const APPLYING: Run = { ...PAUSED, stepIndex: 0 };
const HELD: Run = { ...PAUSED, held: { actor: 'ben', atMs: 0 } };
const ENDING: Run = {
  ...PAUSED,
  stage: 'retreating',
  ending: { outcome: 'aborted', reason: 'RolloutAborted', message: 'm' },
};
const SWITCHED: Run = { ...PAUSED, stage: 'promoting', promotion: 'endpoints' };
const SWITCHING: Run = { ...SWITCHED, promotion: 'service' };
const RAISING: Run = { ...PAUSED, stage: 'promoting', promotion: 'weight' };

function command(name: Command['name'], more: Partial<Command> = {}): Command {
  return { name, actor: 'ana', ...more };
}

const HELD_BY_SPEC: Run = { ...PAUSED, spec: { ...PAUSED.spec, paused: true } };
const DEPLOYING: Run = { ...PAUSED, stage: 'deploying', stepIndex: 0, stepRecords: [] };
const AFTER_STEPS: Run = { ...HELD, stepIndex: 3 };
const SETTLING: Run = { ...ENDING, stage: 'settling' };
const PROMOTED: Run = {
  ...SETTLING,
  promotion: 'cleanup',
  ending: { outcome: 'promoted', reason: 'RolloutCompleted', message: 'm' },
};
const LOOKING: Run = { ...newRun(), looked: false };

describe('a command is refused', () => {
  test.each<[string, Run, Command, string | undefined]>([
    ['never: promote in a pause', PAUSED, command('promote'), undefined],
    ['as nothing to promote: while a weight is being applied', APPLYING, command('promote'), 'NotWaiting'],
    ['never: promote in full while a weight is being applied', APPLYING, command('promote', { full: true }), undefined],
    ['as stale: the caller saw another step', PAUSED, command('promote', { expectedStep: 3 }), 'StaleStep'],
    ['never: the caller saw this step', PAUSED, command('promote', { expectedStep: 1 }), undefined],
    ['as ending: promote after an abort', ENDING, command('promote'), 'AlreadyEnding'],
    ['as ending: abort after an abort', ENDING, command('abort'), 'AlreadyEnding'],
    ['as promoted: abort once the stable Service was switched', SWITCHED, command('abort'), 'AlreadyPromoted'],
    ['never: abort while the stable Service is being switched', SWITCHING, command('abort'), undefined],
    ['never: abort by somebody who saw another step', PAUSED, command('abort', { expectedStep: 9 }), undefined],
    ['never: abort while the weight goes to 100', RAISING, command('abort'), undefined],
    ['as promoted: pause in the promotion', RAISING, command('pause'), 'AlreadyPromoted'],
    ['as held: pause twice', HELD, command('pause'), 'AlreadyHeld'],
    ['as not held: resume without pause', PAUSED, command('resume'), 'NotHeld'],
    ['as not aborted: retry of a run under way', PAUSED, command('retry'), 'NotAborted'],
    ['never: retry of a run that was started for it', newRun(), command('retry'), undefined],
    ['never: retry while an abort is being cleaned up', ENDING, command('retry'), undefined],
    ['never: retry while the pods of an aborted canary are kept', SETTLING, command('retry'), undefined],
    ['as not aborted: retry after a promotion', PROMOTED, command('retry'), 'NotAborted'],
    ['as promoted: abort while old pods are kept', PROMOTED, command('abort'), 'AlreadyPromoted'],
    ['as ending: promote while old pods are kept', PROMOTED, command('promote'), 'AlreadyEnding'],
    ['never: skip of a pause', PAUSED, command('skip'), undefined],
    ['never: skip of a weight step', APPLYING, command('skip'), undefined],
    ['never: skip while it is held', HELD, command('skip'), undefined],
    ['as stale: skip by somebody who saw another step', PAUSED, command('skip', { expectedStep: 0 }), 'StaleStep'],
    ['as nothing under way: skip after the last step', AFTER_STEPS, command('skip'), 'NotWaiting'],
    ['as nothing under way: skip before the first look', LOOKING, command('skip'), 'NotWaiting'],
    ['as promoted: skip in the promotion', RAISING, command('skip'), 'AlreadyPromoted'],
    ['as held by the manifest: promote', HELD_BY_SPEC, command('promote'), 'HeldBySpec'],
    ['as held by the manifest: promote in full', HELD_BY_SPEC, command('promote', { full: true }), 'HeldBySpec'],
    ['as held by the manifest: skip', HELD_BY_SPEC, command('skip'), 'HeldBySpec'],
    ['as held by the manifest: resume', HELD_BY_SPEC, command('resume'), 'HeldBySpec'],
    ['never: abort of what the manifest holds', HELD_BY_SPEC, command('abort'), undefined],
    ['never: abort of a first deploy', DEPLOYING, command('abort'), undefined],
    ['as without steps: promote of a first deploy', DEPLOYING, command('promote'), 'NotWaiting'],
    [
      'as without steps: promote in full of a first deploy',
      DEPLOYING,
      command('promote', { full: true }),
      'NotWaiting',
    ],
    ['as without steps: skip of a first deploy', DEPLOYING, command('skip'), 'NotWaiting'],
  ])('%s', (_name, run, given, code) => {
    expect(refuse(run, given)?.code).toBe(code);
  });
});

describe('a command that is taken', () => {
  test('moves one step, and names who moved it', () => {
    const run = take(PAUSED, command('promote', { reason: 'looks good' }), 5);
    expect(run.stepIndex).toBe(2);
    expect(run.stepRecords[1]).toEqual({ startedAtMs: 0, endedAtMs: 5, by: { actor: 'ana', reason: 'looks good' } });
  });

  test('does nothing the second time under the same key', () => {
    const once = take(PAUSED, command('promote', { idempotencyKey: 'k' }), 5);
    const twice = take({ ...once, stepIndex: 1 }, command('promote', { idempotencyKey: 'k' }), 6);
    expect(twice.stepIndex).toBe(1);
    expect(refuse(once, command('promote', { idempotencyKey: 'k' }))).toBeUndefined();
  });

  test('skips one step, with who skipped it, and lets a held rollout go', () => {
    const run = take(HELD, command('skip', { reason: 'known to be good' }), 5);
    expect(run).toMatchObject({ stepIndex: 2, held: undefined });
    expect(run.stepRecords[1]?.by).toEqual({ actor: 'ana', reason: 'known to be good' });
  });

  test('skips into a pause, which begins then', () => {
    const steps = [setWeight(30), pause(60_000)];
    const run = take({ ...APPLYING, spec: { ...APPLYING.spec, steps } }, command('skip'), 5);
    expect(run).toMatchObject({ stepIndex: 1, pauseDeadlineMs: 60_005 });
  });

  test.each([
    ['promote', 'promote'],
    ['skip', 'skip'],
  ] as const)('by %s moves one step when two come with the step that they saw', (_name, name) => {
    const saw = { expectedStep: PAUSED.stepIndex };
    const once = take(PAUSED, command(name, saw), 5);
    const twice = take(once, command(name, { ...saw, actor: 'ben' }), 6);
    expect(twice).toBe(once);
    expect(once.stepIndex).toBe(PAUSED.stepIndex + 1);
  });

  test('retries after the run has ended, or at once where a run was started for it', () => {
    expect(take(SETTLING, command('retry'), 5)).toMatchObject({ retryRequested: true, retrying: false });
    expect(take(LOOKING, command('retry'), 5)).toMatchObject({ retryRequested: false, retrying: true });
  });

  test('promotes in full out of a hold, with who did it', () => {
    const run = take(HELD, command('promote', { full: true }), 5);
    expect(run).toMatchObject({ held: undefined, fullPromotion: { actor: 'ana' } });
    expect(run.stepRecords[1]).toMatchObject({ endedAtMs: 5, by: { actor: 'ana' } });
  });

  test('promotes a held rollout by letting it go', () => {
    const run = take({ ...HELD, stepIndex: 0 }, command('promote'), 5);
    expect(run.held).toBeUndefined();
    expect(run.stepIndex).toBe(0);
  });

  test('changes nothing when it is refused', () => {
    expect(take(SWITCHED, command('abort'), 5)).toBe(SWITCHED);
  });
});
