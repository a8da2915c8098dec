import { z } from 'zod';
import { readEnvelope, writeEnvelope, badToken } from '../http/continue-token.ts';

/**
 * Where the next page of a list begins. Kubernetes' own token stands at the end of a page of its; with a phase filter ours
 * may fill up in the middle of one, so it also says which Rollout came last.
 */
export interface ListPosition {
  /** Kubernetes' token of the page to read; absent: the first one. */
  readonly page?: string | undefined;
  /** Key of the last Rollout that was answered of that page. */
  readonly after?: string | undefined;
}

const schema = z.strictObject({
  namespace: z.string().nullable(),
  phase: z.string().nullable(),
  page: z.string().optional(),
  after: z.string().optional(),
});

/** What the token must be used with again. */
export interface ListFilter {
  readonly namespace?: string | undefined;
  readonly phase?: string | undefined;
}

export function writeToken({ namespace, phase }: ListFilter, position: ListPosition): string {
  return writeEnvelope({ namespace: namespace ?? null, phase: phase ?? null, ...position });
}

/** @throws Problem when the token is not ours, or goes with another filter */
export function readToken({ namespace, phase }: ListFilter, token: string | undefined): ListPosition {
  if (token === undefined) {
    return {};
  }
  const { page, after, ...filter } = readEnvelope(schema, token);
  if (filter.namespace !== (namespace ?? null) || filter.phase !== (phase ?? null)) {
    throw badToken('belongs to a list with another namespace or phase');
  }
  return { page, after };
}
