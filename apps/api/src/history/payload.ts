import { defaultPayloadConverter, type Payload } from '@temporalio/common';

/** As protobuf has them: every part may be missing. */
export type MaybePayload = Payload | null | undefined;
export interface MaybePayloads {
  readonly payloads?: readonly Payload[] | null;
}

/** One payload as data. What cannot be decoded (encrypted, of another SDK) is shown as that, never left out. */
export function decodePayload(payload: MaybePayload): unknown {
  if (payload === null || payload === undefined) {
    return undefined;
  }
  try {
    return defaultPayloadConverter.fromPayload<unknown>(payload);
  } catch {
    const encoding = payload.metadata?.['encoding'];
    return { encoded: encoding === undefined ? 'unknown' : Buffer.from(encoding).toString() };
  }
}

export function decodePayloads(payloads: MaybePayloads | null | undefined): unknown[] {
  return (payloads?.payloads ?? []).map(decodePayload);
}

/** A text of user metadata, such as a timer's summary. */
export function decodeText(payload: MaybePayload): string | undefined {
  const text = decodePayload(payload);
  return typeof text === 'string' ? text : undefined;
}

/** A member of decoded data, where that is an object. */
export function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** A member that is a list; empty when it is none. */
export function members(value: unknown, name: string): readonly unknown[] {
  const list = member(value, name);
  return Array.isArray(list) ? list : [];
}

export function textMember(value: unknown, name: string): string | undefined {
  const text = member(value, name);
  return typeof text === 'string' ? text : undefined;
}
