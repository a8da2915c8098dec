import type { AwaitServedWeightInput, CanaryRolloutActivities } from '@weir/contract';
import { errorsAbout, servedWeight } from '@weir/mapping';
import { GATEWAY_REFUSED, canaryMappingName, type ServedReport } from '@weir/rollout';
import { setTimeout as delay } from 'node:timers/promises';
import { alive } from './alive.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { cannotProceed, translated } from './failures.ts';
import type { GatewayDiagnostics, InstanceAnswer } from './gateway-diagnostics.ts';

/** A gateway takes 0.2 s for a change at best, and computes the answer on demand (facts/mapping.md 4 and 6). */
const POLL_MS = 200;

/** An error may be about what was before our write: the gateway looks at changes once a second. */
const ERROR_STANDS_MS = 2_000;

/**
 * A pause may wait for the answer, and must not end much later for an instance that hangs; but long enough for a round to say
 * what the others serve.
 */
const LATE_ANSWER_MS = 2_000;

/** Asks every instance of the gateway until all serve the weight, or until it is time to say what they serve. */
export function awaitServedWeight({
  gateway,
}: Pick<ActivityDependencies, 'gateway'>): CanaryRolloutActivities['awaitServedWeight'] {
  return (input) =>
    translated('step', () =>
      alive(async (signal) => {
        if (gateway === undefined) {
          return { state: 'unknown', message: 'no diagnostics of the gateway are configured on this worker' };
        }
        return untilServed(gateway, input, signal);
      }),
    );
}

async function untilServed(
  gateway: GatewayDiagnostics,
  input: AwaitServedWeightInput,
  signal: AbortSignal,
): Promise<ServedReport> {
  const refusals = new Refusals(input);
  let answers: readonly InstanceAnswer[] = [];
  for (;;) {
    answers = await inTime(gateway, answers, input.untilMs + LATE_ANSWER_MS, signal);
    const refused = refusals.look(answers, Date.now());
    const report = toReport(input, answers);
    // An error that has not stood long enough is waited for: the next attempt would count from its own beginning. One whose words
    // change with every look never stands.
    const patienceMs = refused ? ERROR_STANDS_MS + LATE_ANSWER_MS : 0;
    const isTime = Date.now() + POLL_MS > input.untilMs + patienceMs;
    if (report.state === 'served' || isTime) {
      return report;
    }
    await delay(POLL_MS, undefined, { signal });
  }
}

/** What the instances say; what they said before when they do not say it in time. */
async function inTime(
  gateway: GatewayDiagnostics,
  before: readonly InstanceAnswer[],
  latestMs: number,
  signal: AbortSignal,
): Promise<readonly InstanceAnswer[]> {
  const late = AbortSignal.timeout(Math.max(latestMs - Date.now(), LATE_ANSWER_MS));
  try {
    return await gateway.ask(AbortSignal.any([signal, late]));
  } catch (error) {
    if (!late.aborted || signal.aborted) {
      throw error;
    }
    return before.length > 0 ? before : [{ instance: 'the gateway', problem: 'no answer in time' }];
  }
}

/** What the gateway says against our Mappings, and since when. */
export class Refusals {
  private readonly sinceMs = new Map<string, number>();

  constructor(private readonly input: Pick<AwaitServedWeightInput, 'rollout' | 'stableMappings'>) {}

  /**
   * @returns whether there is one that has not stood long enough to count
   * @throws a final failure with the gateway's words when one has
   */
  look(answers: readonly InstanceAnswer[], nowMs: number): boolean {
    const texts = refusalsIn(this.input, answers);
    for (const known of this.sinceMs.keys()) {
      if (!texts.includes(known)) {
        this.sinceMs.delete(known);
      }
    }
    for (const text of texts) {
      const since = this.sinceMs.get(text) ?? nowMs;
      this.sinceMs.set(text, since);
      if (nowMs - since >= ERROR_STANDS_MS) {
        throw cannotProceed({ reason: GATEWAY_REFUSED, message: `the gateway refuses a Mapping: ${text}` });
      }
    }
    return texts.length > 0;
  }
}

function refusalsIn(
  input: Pick<AwaitServedWeightInput, 'rollout' | 'stableMappings'>,
  answers: readonly InstanceAnswer[],
): string[] {
  const names = namesOf(input).flatMap(({ stable, canary }) => [stable, canary]);
  return answers.flatMap(({ instance, diagnostics }) =>
    diagnostics === undefined
      ? []
      : errorsAbout(diagnostics, input.rollout.namespace, names).map((text) => `${instance}: ${text}`),
  );
}

function namesOf({
  stableMappings,
}: Pick<AwaitServedWeightInput, 'stableMappings'>): { stable: string; canary: string }[] {
  return stableMappings.map((stable) => ({ stable, canary: canaryMappingName(stable) }));
}

/** Pure. */
export function toReport(input: AwaitServedWeightInput, answers: readonly InstanceAnswer[]): ServedReport {
  const { weight, rollout } = input;
  const looks = answers.flatMap(({ instance, diagnostics }) =>
    diagnostics === undefined
      ? []
      : namesOf(input).map((names) => ({
          instance,
          name: names.canary,
          serves: servedWeight(diagnostics, { namespace: rollout.namespace, ...names }),
        })),
  );
  const furthest = looks.toSorted((a, b) => Math.abs(b.serves - weight) - Math.abs(a.serves - weight))[0];
  const others = looks.filter(({ serves }) => serves !== weight);
  const silent = answers.filter(({ diagnostics }) => diagnostics === undefined);
  const message = [
    ...others.map(({ instance, name, serves }) => `${instance} serves ${serves} % of ${name} and not ${weight} %`),
    ...refusalsIn(input, answers),
    ...silent.map(({ instance, problem }) => `${instance} cannot be asked: ${problem ?? 'no answer'}`),
    ...(answers.length === 0 ? ['no instance of the gateway was found'] : []),
  ].join('; ');
  const state = others.length > 0 ? 'notServed' : silent.length > 0 || answers.length === 0 ? 'unknown' : 'served';
  return { state, message, ...(furthest !== undefined && { weight: furthest.serves }) };
}
