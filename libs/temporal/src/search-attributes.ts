import type { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { SEARCH_ATTRIBUTES } from '@weir/contract';

const { IndexedValueType } = proto.temporal.api.enums.v1;

/** Registers the search attributes of a run where they are missing: a run that upserts an unknown one would be stuck. */
export async function ensureSearchAttributes({ operatorService }: Connection, namespace: string): Promise<void> {
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  const missing = Object.values(SEARCH_ATTRIBUTES).filter(({ name }) => !(name in (customAttributes ?? {})));
  if (missing.length === 0) {
    return;
  }
  const searchAttributes = Object.fromEntries(
    missing.map(({ name, type }) => [name, IndexedValueType[`INDEXED_VALUE_TYPE_${type}`]]),
  );
  await operatorService.addSearchAttributes({ namespace, searchAttributes });
}
