import { GATEWAY_SETTLE_ANNOTATION } from '../names.ts';
import { MAX_INT32 } from './amount.ts';
import type { Finding } from './errors.ts';

export const DEFAULT_GATEWAY_SETTLE_SECONDS = 5;

type Annotations = Readonly<Record<string, string>>;

/** For how long pods outlive the last Mapping write; undefined when the annotation is not whole seconds. */
export function gatewaySettleSeconds(annotations: Annotations): number | undefined {
  const text = annotations[GATEWAY_SETTLE_ANNOTATION];
  if (text === undefined) {
    return DEFAULT_GATEWAY_SETTLE_SECONDS;
  }
  return /^\d+$/.test(text) && Number(text) <= MAX_INT32 ? Number(text) : undefined;
}

/** What is wrong with Weir's own annotations that a user may set. */
export function annotationFindings(annotations: Annotations): Finding[] {
  return gatewaySettleSeconds(annotations) === undefined
    ? [{ path: [GATEWAY_SETTLE_ANNOTATION], message: `must be whole seconds from 0 to ${MAX_INT32}, as text: "5"` }]
    : [];
}
