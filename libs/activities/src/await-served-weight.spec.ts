import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { AwaitServedWeightInput } from '@weir/contract';
import type { DiagnosedMapping, Diagnostics } from '@weir/mapping';
import type { ServedReport } from '@weir/rollout';
import { awaitServedWeight, toReport } from './await-served-weight.ts';
import { gatewayDiagnostics, type InstanceAnswer } from './gateway-diagnostics.ts';

const NAMESPACE = 'shop';
const INPUT: AwaitServedWeightInput = {
  rollout: { cluster: 'c', namespace: NAMESPACE, name: 'someapp' },
  workflowId: 'rollout/c/shop/someapp',
  runId: 'run-1',
  stableMappings: ['app'],
  weight: 30,
  untilMs: 0,
};

const one = (name: string, cumulative: number, weight?: number): DiagnosedMapping => ({
  namespace: NAMESPACE,
  name,
  cumulative,
  ...(weight !== undefined && { weight }),
});

/** A group in which the canary has that weight; undefined: the canary is not in it. */
const group = (weight: number | undefined, stable = 'app'): DiagnosedMapping[] => [
  ...(weight === undefined ? [] : [one(`${stable}0-canary`, weight, weight)]),
  one(stable, 100),
];

const says = (instance: string, ...groups: DiagnosedMapping[][]): InstanceAnswer => ({
  instance,
  diagnostics: { groups, errors: [] },
});
const silent = (instance: string, problem?: string): InstanceAnswer => ({ instance, ...(problem && { problem }) });

describe('the report of a weight of 30', () => {
  test.each<[string, readonly InstanceAnswer[], ServedReport]>([
    [
      'says served when every instance serves it',
      [says('a', group(30)), says('b', group(30))],
      { state: 'served', weight: 30, message: '' },
    ],
    [
      'names the instance that serves another',
      [says('a', group(30)), says('b', group(10))],
      { state: 'notServed', weight: 10, message: 'b serves 10 % of app0-canary and not 30 %' },
    ],
    [
      'has the weight of the instance that is furthest off',
      [says('a', group(25)), says('b', group(90)), says('c', group(30))],
      {
        state: 'notServed',
        weight: 90,
        message: 'a serves 25 % of app0-canary and not 30 %; b serves 90 % of app0-canary and not 30 %',
      },
    ],
    [
      'says 0 for a canary that the gateway has left out',
      [says('a', group(undefined))],
      { state: 'notServed', weight: 0, message: 'a serves 0 % of app0-canary and not 30 %' },
    ],
    [
      'says 100 for a canary that the gateway has left alone',
      [says('a', [one('app0-canary', 100, 30)])],
      { state: 'notServed', weight: 100, message: 'a serves 100 % of app0-canary and not 30 %' },
    ],
    [
      'says unknown when one cannot be asked and the others serve it',
      [says('a', group(30)), silent('b', 'fetch failed')],
      { state: 'unknown', weight: 30, message: 'b cannot be asked: fetch failed' },
    ],
    [
      'says not served when one cannot be asked and another serves another',
      [says('a', group(0)), silent('b')],
      {
        state: 'notServed',
        weight: 0,
        message: 'a serves 0 % of app0-canary and not 30 %; b cannot be asked: no answer',
      },
    ],
    [
      'has no weight when none can be asked',
      [silent('a', 'x'), silent('b', 'y')],
      { state: 'unknown', message: 'a cannot be asked: x; b cannot be asked: y' },
    ],
    [
      'says unknown when there is no instance',
      [],
      { state: 'unknown', message: 'no instance of the gateway was found' },
    ],
  ])('%s', (_name, answers, expected) => {
    expect(toReport(INPUT, answers)).toEqual(expected);
  });

  test('has the words of the gateway about our Mappings', () => {
    const text = 'cannot accept Mapping app0-canary with mismatched labels';
    const diagnostics = { groups: [group(undefined)], errors: [[`app.${NAMESPACE}.1`, text] as const] };
    expect(toReport(INPUT, [{ instance: 'a', diagnostics }]).message).toBe(
      `a serves 0 % of app0-canary and not 30 %; a: ${text}`,
    );
  });

  test('is about each Mapping of the rollout', () => {
    const input = { ...INPUT, stableMappings: ['app', 'admin'] };
    expect(toReport(input, [says('a', group(30), group(30, 'admin'))]).state).toBe('served');
    expect(toReport(input, [says('a', group(30), group(20, 'admin'))])).toEqual({
      state: 'notServed',
      weight: 20,
      message: 'a serves 20 % of admin0-canary and not 30 %',
    });
  });

  test('is not about Mappings of another namespace', () => {
    const elsewhere = group(30).map((mapping) => ({ ...mapping, namespace: 'other' }));
    expect(toReport(INPUT, [says('a', elsewhere)])).toMatchObject({ state: 'notServed', weight: 0 });
  });
});

describe('the report of weight 0', () => {
  test.each([
    ['a canary that is gone', group(undefined)],
    ['a canary at 0', group(0)],
  ])('says served for %s', (_name, mappings) => {
    expect(toReport({ ...INPUT, weight: 0 }, [says('a', mappings)])).toEqual({
      state: 'served',
      weight: 0,
      message: '',
    });
  });

  test('says not served while the canary is still there', () => {
    expect(toReport({ ...INPUT, weight: 0 }, [says('a', group(30))])).toMatchObject({ state: 'notServed', weight: 30 });
  });
});

describe('awaitServedWeight', () => {
  const STARTED_MS = 1_000_000;
  /** That a time passes between two looks is for the test to say; the looks themselves are 0.2 s apart. */
  const BETWEEN_LOOKS_MS = 900;
  let nowMs: number;

  beforeEach(() => {
    nowMs = STARTED_MS;
    jest.spyOn(Date, 'now').mockImplementation(() => nowMs);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  /** What one instance says at each look; the last one again and again. */
  function awaited(looks: readonly Diagnostics[], input: Partial<AwaitServedWeightInput> = {}) {
    let asked = 0;
    const gateway = {
      ask: async () => {
        nowMs += asked === 0 ? 0 : BETWEEN_LOOKS_MS;
        const diagnostics = looks[Math.min(asked, looks.length - 1)] as Diagnostics;
        asked += 1;
        return [{ instance: 'a', diagnostics }];
      },
    };
    const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR', () => undefined) });
    const activity = awaitServedWeight({ gateway });
    const report = environment.run(activity, { ...INPUT, untilMs: STARTED_MS + 8_000, ...input });
    return { report, environment, asked: () => asked };
  }

  const diagnostics = (
    weight: number | undefined,
    ...errors: (readonly [rkey: string, text: string])[]
  ): Diagnostics => ({ groups: [group(weight)], errors });
  const MISMATCH = [`app.${NAMESPACE}.1`, 'cannot accept Mapping app0-canary with mismatched labels'] as const;
  const refusal = (text: string) => ({
    type: 'CannotProceed',
    nonRetryable: true,
    details: [{ reason: 'GatewayRefusedMapping', message: `the gateway refuses a Mapping: a: ${text}` }],
  });

  test('says that nothing is known when no gateway is configured, and does not wait', async () => {
    const environment = new MockActivityEnvironment();
    const activity = awaitServedWeight({});
    const untilMs = STARTED_MS + 8_000;
    expect(await environment.run(activity, { ...INPUT, untilMs })).toEqual({
      state: 'unknown',
      message: 'no diagnostics of the gateway are configured on this worker',
    });
  });

  test('asks until the weight is served', async () => {
    const { report, asked } = awaited([diagnostics(0), diagnostics(0), diagnostics(30)]);
    expect(await report).toEqual({ state: 'served', weight: 30, message: '' });
    expect(asked()).toBe(3);
  });

  test('says what is served last when another look would come too late', async () => {
    const { report, asked } = awaited([diagnostics(0), diagnostics(5), diagnostics(10)], {
      untilMs: STARTED_MS + 2 * BETWEEN_LOOKS_MS + 100,
    });
    expect(await report).toMatchObject({ state: 'notServed', weight: 10 });
    expect(asked()).toBe(3);
  });

  test('fails for good with the words of the gateway when an error about our Mapping stands for two seconds', async () => {
    const { report } = awaited([diagnostics(0), diagnostics(undefined, MISMATCH)]);
    await expect(report).rejects.toMatchObject(refusal(MISMATCH[1]));
    // Seen at 0.9 s, so that 2.7 s is too early for a look to find that it has stood for two.
    expect(nowMs).toBe(STARTED_MS + 4 * BETWEEN_LOOKS_MS);
  });

  test('waits for an error that has just begun, also when its time is over', async () => {
    const untilMs = STARTED_MS + 2 * BETWEEN_LOOKS_MS + 100;
    const refused = awaited([diagnostics(0), diagnostics(undefined, MISMATCH)], { untilMs });
    await expect(refused.report).rejects.toMatchObject(refusal(MISMATCH[1]));
    nowMs = STARTED_MS;
    const gone = awaited([diagnostics(0), diagnostics(undefined, MISMATCH), diagnostics(0)], { untilMs });
    expect(await gone.report).toMatchObject({ state: 'notServed', weight: 0 });
  });

  test('does not wait for ever for an error whose words change with every look', async () => {
    const looks = Array.from({ length: 20 }, (_, look) =>
      diagnostics(undefined, [`app.${NAMESPACE}.1`, `cannot accept Mapping app0-canary (${look})`]),
    );
    const { report, asked } = awaited(looks, { untilMs: STARTED_MS + BETWEEN_LOOKS_MS });
    expect(await report).toMatchObject({ state: 'notServed', weight: 0 });
    expect(asked()).toBeLessThan(looks.length);
  });

  test('does not fail for an error that goes', async () => {
    const bad = diagnostics(undefined, MISMATCH);
    const { report } = awaited([bad, bad, diagnostics(0), diagnostics(30)]);
    expect(await report).toMatchObject({ state: 'served' });
  });

  test('counts an error that comes back from its return on', async () => {
    const bad = diagnostics(undefined, MISMATCH);
    const { report } = awaited([bad, bad, diagnostics(0), bad, bad, diagnostics(0), diagnostics(30)]);
    expect(await report).toMatchObject({ state: 'served' });
  });

  test('does not fail for an error about a Mapping of somebody else', async () => {
    const foreign = [`other.${NAMESPACE}.1`, 'cannot accept Mapping other-canary with mismatched labels'] as const;
    const { report } = awaited([diagnostics(0, foreign)], { untilMs: STARTED_MS + 5_000 });
    expect(await report).toMatchObject({ state: 'notServed', weight: 0 });
  });

  test('ends when nobody wants the answer any more', async () => {
    const { report, environment } = awaited([diagnostics(0)]);
    environment.cancel('CANCELLED');
    await expect(report).rejects.toMatchObject({ name: 'CancelledFailure' });
  });
});

describe('awaitServedWeight on instances of which one hangs', () => {
  const FAST = 'http://fast';
  const diagnostics = (weight: number) => ({
    errors: [],
    route_info: [
      {
        _route: {
          mappings: [
            { name: 'app0-canary', namespace: NAMESPACE, weight, _weight: weight },
            { name: 'app', namespace: NAMESPACE, _weight: 100 },
          ],
        },
      },
    ],
  });

  beforeEach(() => {
    jest
      .spyOn(globalThis, 'fetch')
      .mockImplementation((url, { signal } = {}) =>
        url instanceof URL || url instanceof Request || !url.startsWith(FAST)
          ? new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)))
          : Promise.resolve(new Response(JSON.stringify(diagnostics(10)))),
      );
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  test('says in time what the others serve', async () => {
    const gateway = gatewayDiagnostics({} as never, { urls: [FAST, 'http://hangs'] });
    const activity = awaitServedWeight({ gateway });
    const startedAtMs = Date.now();
    const report = await new MockActivityEnvironment().run(activity, { ...INPUT, untilMs: startedAtMs + 1_000 });
    expect(report).toEqual({
      state: 'notServed',
      weight: 10,
      message: expect.stringMatching(
        /^http:\/\/fast serves 10 % of app0-canary and not 30 %; http:\/\/hangs cannot be asked/,
      ),
    });
    // A pause may wait for it, and ends no more than 3 s late.
    expect(Date.now() - startedAtMs).toBeLessThan(1_000 + 3_000);
  });
});
