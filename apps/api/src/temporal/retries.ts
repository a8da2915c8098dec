import { defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';

/**
 * A caller waits: a call that does not come through is tried three times within half a second and not, as Temporal's client
 * does by itself, for as long as the deadline allows. So it is known why it failed, and whether it was sent at all.
 */
const MAX_ATTEMPTS = 3;

export function briefRetries(): ReturnType<typeof makeGrpcRetryInterceptor> {
  return makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts: MAX_ATTEMPTS }));
}
