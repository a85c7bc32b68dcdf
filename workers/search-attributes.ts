import { isGrpcServiceError, type Connection } from '@temporalio/client';
import proto from '@temporalio/proto';

const { IndexedValueType } = proto.temporal.api.enums.v1;

const ATTRIBUTES = {
  OffergridOrderId: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  OffergridStatus: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  FulfillmentStage: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  ServiceCategory: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  SlaState: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  Attention: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  ResponseDeadline: IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
  TestOrder: IndexedValueType.INDEXED_VALUE_TYPE_BOOL,
};

/** The search attributes are not there and may not be made from here; says what to run where it may. */
export class SearchAttributesMissing extends Error {
  constructor(namespace: string, missing: string[], cause: unknown) {
    const flags = missing.map((name) => `--name ${name} --type ${typeName(name)}`).join(' ');
    super(
      `namespace ${namespace} lacks the search attributes ${missing.join(', ')}, and they cannot be made from here; run: ` +
        `temporal operator search-attribute create --namespace ${namespace} ${flags}`,
      { cause },
    );
    this.name = 'SearchAttributesMissing';
  }
}

/**
 * Makes sure that the namespace knows the search attributes of item workflows: an upsert of an unknown one fails the
 * workflow task for ever. @throws SearchAttributesMissing
 */
export async function ensureSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const missing = await missingAttributes(connection, namespace);
  if (missing.length === 0) return;
  const searchAttributes = Object.fromEntries(
    missing.map((name) => [name, ATTRIBUTES[name as keyof typeof ATTRIBUTES]]),
  );
  try {
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  } catch (error) {
    // Another worker of ours may have been faster.
    const stillMissing = await missingAttributes(connection, namespace).catch(() => missing);
    if (stillMissing.length > 0) throw new SearchAttributesMissing(namespace, stillMissing, error);
  }
}

async function missingAttributes(connection: Connection, namespace: string): Promise<string[]> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return Object.keys(ATTRIBUTES).filter((name) => !Object.hasOwn(customAttributes, name));
  } catch (error) {
    // Some servers let clients use search attributes without letting them list them.
    if (isGrpcServiceError(error) && (error.code as number) === PERMISSION_DENIED)
      return Object.keys(ATTRIBUTES);
    throw error;
  }
}

const PERMISSION_DENIED = 7;

function typeName(name: string): string {
  if (name === 'ResponseDeadline') return 'Datetime';
  return name === 'TestOrder' ? 'Bool' : 'Keyword';
}
