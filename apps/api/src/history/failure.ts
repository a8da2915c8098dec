import { FAILURES } from '@weir/contract';
import { decodePayloads, textMember } from './payload.ts';
import type { Failure } from './run-event.ts';

/** A failure and its causes as one line: `KubernetesUnavailable: no answer (ECONNREFUSED)`. */
export function failureText(failure: Failure | null | undefined): string | undefined {
  if (failure === null || failure === undefined) {
    return undefined;
  }
  const type = failure.applicationFailureInfo?.type;
  const said = failure.message ?? '';
  const own = type && type !== 'Error' && type !== 'KubernetesError' ? `${type}: ${said}` : said;
  const cause = failureText(failure.cause);
  return cause === undefined || own.includes(cause) ? own : `${own} (${cause})`;
}

/** The reason of a problem that retrying cannot mend, where the failure carries one. */
export function problemReason(failure: Failure | null | undefined): string | undefined {
  const info = failure?.applicationFailureInfo;
  const [problem] = info?.type === FAILURES.cannotProceed ? decodePayloads(info.details) : [];
  return textMember(problem, 'reason') ?? (failure?.cause ? problemReason(failure.cause) : undefined);
}
