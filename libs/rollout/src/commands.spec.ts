import { describe, expect, test } from '@jest/globals';
import { refuse, take, type Command } from './commands.ts';
import { newRun, type Run } from './run.ts';

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

  test('promotes a held rollout by letting it go', () => {
    const run = take({ ...HELD, stepIndex: 0 }, command('promote'), 5);
    expect(run.held).toBeUndefined();
    expect(run.stepIndex).toBe(0);
  });

  test('changes nothing when it is refused', () => {
    expect(take(SWITCHED, command('abort'), 5)).toBe(SWITCHED);
  });
});
