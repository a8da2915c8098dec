import { DefaultPayloadConverter, type Payload } from '@temporalio/common';

/** What stands for a payload that could not be decoded: no message may make a run fail its every workflow task. */
export class Undecodable {
  constructor(readonly problem: string) {}
}

/**
 * Temporal's own converter, but for payloads that it cannot read: a person with a Temporal client may send any encoding, and a
 * run that throws on it would answer no abort any more.
 */
class LenientPayloadConverter extends DefaultPayloadConverter {
  override fromPayload<T>(payload: Payload): T {
    try {
      return super.fromPayload<T>(payload);
    } catch (error) {
      return new Undecodable(error instanceof Error ? error.message : String(error)) as T;
    }
  }
}

/** The name that Temporal's bundler looks for. */
export const payloadConverter = new LenientPayloadConverter();
