import {
  ADOPT_ANNOTATION,
  DRIFT_POLICY_ANNOTATION,
  GATEWAY_SETTLE_ANNOTATION,
  SERVED_DEADLINE_ANNOTATION,
} from '../names.ts';
import type { RolloutSpec } from '../types.ts';
import { MAX_INT32 } from './amount.ts';
import type { Finding } from './errors.ts';

export const DEFAULT_GATEWAY_SETTLE_SECONDS = 5;

type Annotations = Readonly<Record<string, string>>;

const DRIFT_POLICIES = ['repair', 'pause', 'abort'] as const;

/** For how long pods outlive the last Mapping write. */
export function gatewaySettleSeconds(annotations: Annotations): number {
  return wholeSeconds(annotations[GATEWAY_SETTLE_ANNOTATION], 0) ?? DEFAULT_GATEWAY_SETTLE_SECONDS;
}

/** What other annotations say of the traffic; a default is left out. Those that are wrong were refused before. */
export function trafficAnnotations(
  annotations: Annotations,
): Pick<RolloutSpec, 'driftPolicy' | 'servedDeadlineSeconds' | 'adopt'> {
  const driftPolicy = annotations[DRIFT_POLICY_ANNOTATION];
  const servedDeadlineSeconds = wholeSeconds(annotations[SERVED_DEADLINE_ANNOTATION], 1);
  return {
    ...((driftPolicy === 'pause' || driftPolicy === 'abort') && { driftPolicy }),
    ...(servedDeadlineSeconds !== undefined && { servedDeadlineSeconds }),
    ...(annotations[ADOPT_ANNOTATION] === 'true' && { adopt: true as const }),
  };
}

/** What is wrong with Weir's own annotations that a user may set. */
export function annotationFindings(annotations: Annotations): Finding[] {
  const wrong = (annotation: string, isRight: (text: string) => boolean, message: string): Finding[] => {
    const text = annotations[annotation];
    return text === undefined || isRight(text) ? [] : [{ path: [annotation], message }];
  };
  const seconds = (annotation: string, least: number, example: number): Finding[] =>
    wrong(
      annotation,
      (text) => wholeSeconds(text, least) !== undefined,
      `must be whole seconds from ${least} to ${MAX_INT32}, as text: "${example}"`,
    );
  return [
    ...seconds(GATEWAY_SETTLE_ANNOTATION, 0, 5),
    ...seconds(SERVED_DEADLINE_ANNOTATION, 1, 30),
    ...wrong(
      DRIFT_POLICY_ANNOTATION,
      (text) => (DRIFT_POLICIES as readonly string[]).includes(text),
      `must be one of ${DRIFT_POLICIES.join(', ')}`,
    ),
    ...wrong(ADOPT_ANNOTATION, (text) => text === 'true' || text === 'false', 'must be "true" or "false", as text'),
  ];
}

function wholeSeconds(text: string | undefined, least: number): number | undefined {
  const isWhole = text !== undefined && /^\d+$/.test(text);
  return isWhole && Number(text) >= least && Number(text) <= MAX_INT32 ? Number(text) : undefined;
}
