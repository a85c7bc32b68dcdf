import {
  Client,
  Connection,
  isGrpcServiceError,
  NamespaceNotFoundError,
  ServiceError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type ConnectionOptions,
  type DataConverter,
} from '@temporalio/client';

export interface TemporalAccess {
  namespace: string;
  connection: ConnectionOptions;
  /** The same as the worker's. */
  dataConverter?: DataConverter;
}

/** gRPC's own upper bound is two minutes, and the inbox would wait as long after an outage. */
const RECONNECT_MOST_MS = 2_000;

/** A client that connects at its first call and again after every outage; making one never fails. */
export function createTemporalClient({ namespace, connection, dataConverter }: TemporalAccess): Client {
  const lazy = Connection.lazy({
    ...connection,
    channelArgs: {
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': RECONNECT_MOST_MS,
      ...connection.channelArgs,
    },
  });
  return new Client({
    connection: lazy,
    namespace,
    ...(dataConverter === undefined ? {} : { dataConverter }),
  });
}

const INVALID_ARGUMENT = 3;

/** Whether this error says that Temporal cannot be used right now: away, overloaded, or not letting us in. */
export function isTemporalAway(error: unknown): boolean {
  if (error instanceof NamespaceNotFoundError || error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)
    return true;
  return (error instanceof ServiceError || isGrpcServiceError(error)) && !isBadCall(error);
}

/** Whether Temporal will not take this call, whenever it is made. */
export function isBadCall(error: unknown): boolean {
  const grpc = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(grpc) && (grpc.code as number) === INVALID_ARGUMENT;
}
