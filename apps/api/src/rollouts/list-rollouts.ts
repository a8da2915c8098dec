import type { ObjectList } from '@weir/kubernetes';
import type { RolloutObject } from '../cluster/rollout-object.ts';
import type { ListPosition } from './list-token.ts';
import type { Phase, RolloutSummary } from './rollout.schemas.ts';

/** A page of a phase is gathered from pages this long: few requests, and none that is large. */
export const SCAN_PAGE = 500;

export type FetchPage = (limit: number, token: string | undefined) => Promise<ObjectList<RolloutObject>>;

export interface ListRequest {
  readonly limit: number;
  readonly phase?: Phase | undefined;
  readonly from: ListPosition;
}

export interface ListedPage {
  readonly items: readonly RolloutSummary[];
  /** undefined: the list has ended. */
  readonly next?: ListPosition;
}

/** Fetches pages until the limit is full or the list ends. Nothing is left out or told twice from one page to the next. */
export async function listRollouts(
  { limit, phase, from }: ListRequest,
  fetchPage: FetchPage,
  toSummary: (object: RolloutObject) => RolloutSummary,
): Promise<ListedPage> {
  const items: RolloutSummary[] = [];
  let { page, after } = from;
  for (;;) {
    const { items: objects, metadata } = await fetchPage(phase === undefined ? limit : SCAN_PAGE, page);
    const matching = objects
      .filter((object) => after === undefined || keyOf(object) > after)
      .map(toSummary)
      .filter((summary) => phase === undefined || summary.phase === phase);
    const room = limit - items.length;
    items.push(...matching.slice(0, room));
    if (matching.length > room) {
      return { items, next: { page, after: lastKey(items) } };
    }
    page = metadata.continue === '' ? undefined : metadata.continue;
    after = undefined;
    if (page === undefined) {
      return { items };
    }
    if (items.length === limit) {
      return { items, next: { page } };
    }
  }
}

/** Kubernetes lists in the order of this key. */
function keyOf({ metadata: { namespace = '', name } }: RolloutObject): string {
  return `${namespace}/${name}`;
}

function lastKey(items: readonly RolloutSummary[]): string {
  const last = items.at(-1);
  return `${last?.namespace}/${last?.name}`;
}
