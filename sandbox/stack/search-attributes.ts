// A CommonJS package whose names Node does not see.
import proto, { type temporal } from '@temporalio/proto';

const { IndexedValueType } = proto.temporal.api.enums.v1;

/** The search attributes of item workflows, from the contract's section 5, under the names the CLI gives the types. */
export const SEARCH_ATTRIBUTES = {
  OffergridOrderId: 'Keyword',
  OffergridStatus: 'Keyword',
  FulfillmentStage: 'Keyword',
  ServiceCategory: 'Keyword',
  SlaState: 'Keyword',
  Attention: 'Keyword',
  ResponseDeadline: 'Datetime',
  TestOrder: 'Bool',
} as const;

const TYPES = {
  Keyword: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  Datetime: IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
  Bool: IndexedValueType.INDEXED_VALUE_TYPE_BOOL,
};

/** As the operator service takes them. */
export function indexedValueTypes(
  names: string[] = Object.keys(SEARCH_ATTRIBUTES),
): Record<string, temporal.api.enums.v1.IndexedValueType> {
  const entries = Object.entries(SEARCH_ATTRIBUTES).filter(([name]) => names.includes(name));
  return Object.fromEntries(entries.map(([name, type]) => [name, TYPES[type]]));
}
