import { describe, expect, test } from '@jest/globals';
import { goingAway } from './leaving.ts';
import type { RunWithPods } from './pods.ts';
import { NOW_MS, abortedRun, promotedRun, revision, tryingRun } from './testing/runs.ts';

const IN_30_S = NOW_MS + 30_000;

/** What becomes of each revision that goes away, newest first: when its pods go, and whether that is still to be noted. */
function fates(run: RunWithPods, nowMs = NOW_MS): string[] {
  return goingAway(run, nowMs).map(({ target, untilMs }) => {
    const kept =
      untilMs === undefined ? (target === undefined ? 'kept' : 'goes now') : `goes in ${(untilMs - nowMs) / 1_000} s`;
    const noted = target?.scaleDownAtMs === undefined || target.scaleDownAtMs === null ? '' : ', noted';
    return `${target?.podTemplateHash ?? ''} ${kept}${noted}`.trim();
  });
}

describe('after a promotion the old stable revision', () => {
  test.each<[string, Parameters<typeof promotedRun>[0], number, string[]]>([
    ['keeps its pods for 30 s, noted on its ReplicaSet', {}, 0, ['v1 goes in 30 s, noted']],
    [
      'keeps them for the scaleDownDelaySeconds',
      { workloadSpec: { scaleDownDelaySeconds: 600 } },
      0,
      ['v1 goes in 600 s, noted'],
    ],
    ['loses them after that', {}, 30, ['v1 goes now']],
    ['loses them at once without a delay', { workloadSpec: { scaleDownDelaySeconds: 0 } }, 0, ['v1 goes now']],
    [
      'keeps them until what is noted on its ReplicaSet, which is not noted again',
      { revisions: [revision('v1', 4, { scaleDownAtMs: NOW_MS + 7_000 }), revision('v2')] },
      0,
      ['goes in 7 s'],
    ],
    [
      'keeps them for gatewaySettleSeconds after the last Mapping write, whatever the delay',
      { workloadSpec: { scaleDownDelaySeconds: 1 }, lastMappingWriteMs: NOW_MS - 1_000 },
      0,
      ['v1 goes in 4 s, noted'],
    ],
    [
      'keeps them for gatewaySettleSeconds with dynamicStableScale, which has no other delay',
      { workloadSpec: { dynamicStableScale: true }, lastMappingWriteMs: NOW_MS },
      0,
      ['goes in 5 s'],
    ],
    ['keeps them while the stable Service selects it', { services: { stable: 'v1', canary: 'v2' } }, 99, ['kept']],
    ['keeps them while the canary Service selects it', { services: { stable: 'v2', canary: 'v1' } }, 99, ['kept']],
    ['is not named when it has no pods', { revisions: [revision('v1', 0), revision('v2')] }, 0, []],
  ])('%s', (_name, more, seconds, expected) => {
    expect(fates(promotedRun(more), NOW_MS + seconds * 1_000)).toEqual(expected);
  });

  test('keeps its pods no less than the delay: the note has whole seconds', () => {
    const [leaving] = goingAway(promotedRun({ settlingSinceMs: NOW_MS + 1 }), NOW_MS + 1);
    expect(leaving?.target?.scaleDownAtMs).toBe(IN_30_S + 1_000);
  });
});

describe('of several old revisions', () => {
  const third = { revision: { stable: 'v2', canary: 'v3' }, services: { stable: 'v3', canary: 'v3' } };
  const waiting = revision('v1', 4, { scaleDownAtMs: NOW_MS + 20_000 });
  const run = (scaleDownDelayRevisionLimit?: number): RunWithPods =>
    promotedRun({
      ...third,
      revisions: [waiting, revision('v2'), revision('v3')],
      workloadSpec: scaleDownDelayRevisionLimit === undefined ? {} : { scaleDownDelayRevisionLimit },
    });

  test.each<[string, number | undefined, string[]]>([
    ['each waits out its own delay', undefined, ['v2 goes in 30 s, noted', 'goes in 20 s']],
    ['as many wait as scaleDownDelayRevisionLimit says, newest first', 1, ['v2 goes in 30 s, noted', 'v1 goes now']],
    ['none waits when the limit is 0', 0, ['v2 goes now', 'v1 goes now']],
  ])('%s', (_name, limit, expected) => {
    expect(fates(run(limit))).toEqual(expected);
  });

  test('one that was kept for ever does not count for the limit', () => {
    const revisions = [revision('v1', 4, { scaleDownAtMs: NOW_MS + 20_000 }), revision('v2'), revision('v3', 2)];
    const run = abortedRun({
      revision: { stable: 'v2', canary: 'v3' },
      services: { stable: 'v2', canary: 'v2' },
      revisions,
      workloadSpec: { abortScaleDownDelaySeconds: 0, scaleDownDelayRevisionLimit: 1 },
    });
    expect(fates(run)).toEqual(['kept', 'goes in 20 s']);
  });

  test('one that nobody gave a delay goes now', () => {
    expect(fates(promotedRun({ ...third, revisions: [revision('v1'), revision('v3')] }))).toEqual(['v1 goes now']);
  });
});

describe('after an abort the canary', () => {
  test.each<[string, Parameters<typeof abortedRun>[0], number, string[]]>([
    ['keeps its pods for 30 s, noted on its ReplicaSet', {}, 0, ['v2 goes in 30 s, noted']],
    ['loses them after that', {}, 30, ['v2 goes now']],
    [
      'keeps them for abortScaleDownDelaySeconds',
      { workloadSpec: { abortScaleDownDelaySeconds: 90 } },
      0,
      ['v2 goes in 90 s, noted'],
    ],
    ['keeps them for ever when that is 0', { workloadSpec: { abortScaleDownDelaySeconds: 0 } }, 86_400, ['kept']],
    [
      'keeps them with dynamicStableScale only as long as the gateway needs',
      { workloadSpec: { dynamicStableScale: true }, lastMappingWriteMs: NOW_MS },
      0,
      ['goes in 5 s'],
    ],
    [
      'keeps them with dynamicStableScale for a delay that is set',
      { workloadSpec: { dynamicStableScale: true, abortScaleDownDelaySeconds: 60 } },
      0,
      ['v2 goes in 60 s, noted'],
    ],
    [
      'keeps them with dynamicStableScale for ever when the delay is set to 0',
      { workloadSpec: { dynamicStableScale: true, abortScaleDownDelaySeconds: 0 } },
      86_400,
      ['kept'],
    ],
    ['keeps them while the canary Service selects it', { services: { stable: 'v1', canary: 'v2' } }, 99, ['kept']],
  ])('%s', (_name, more, seconds, expected) => {
    expect(fates(abortedRun(more), NOW_MS + seconds * 1_000)).toEqual(expected);
  });

  test('of a first deploy keeps its pods: nothing took over from it', () => {
    const run = abortedRun({ revision: { stable: '', canary: 'v2' }, revisions: [revision('v2')], services: {} });
    expect(fates(run, NOW_MS + 86_400_000)).toEqual(['kept']);
  });

  test('goes as soon as the gateway lets it when the stable template is wanted again', () => {
    const ending = { outcome: 'rolledBack', reason: 'RolloutRolledBack', message: 'm' } as const;
    expect(fates(abortedRun({ ending, lastMappingWriteMs: NOW_MS - 2_000 }))).toEqual(['goes in 3 s']);
    expect(fates(abortedRun({ ending }), NOW_MS)).toEqual(['v2 goes now']);
  });
});

describe('while another revision is tried, one without a role', () => {
  const given = { revision: { stable: 'v1', canary: 'v3' }, services: { stable: 'v1', canary: 'v3' } };
  const pods = (scaleDownAtMs?: number) => [
    revision('v1'),
    revision('v2', 2, scaleDownAtMs === undefined ? {} : { scaleDownAtMs }),
    revision('v3', 2),
  ];

  test.each<[string, Parameters<typeof tryingRun>[0], string[]]>([
    ['goes', { ...given, revisions: pods() }, ['v2 goes now']],
    ['keeps its pods until what its ReplicaSet says', { ...given, revisions: pods(IN_30_S) }, ['goes in 30 s']],
    [
      'keeps them while the canary Service selects it',
      { ...given, revisions: pods(), services: { canary: 'v2' } },
      ['kept'],
    ],
    [
      'keeps them until the gateway knows',
      { ...given, revisions: pods(), lastMappingWriteMs: NOW_MS },
      ['goes in 5 s'],
    ],
  ])('%s', (_name, more, expected) => {
    expect(fates(tryingRun(more))).toEqual(expected);
  });
});
