import { isGrpcServiceError, ServiceError } from '@temporalio/client';

/** gRPC's INVALID_ARGUMENT. */
const INVALID = 3;

/** The server does not know an attribute that was asked for: it is older, or the attribute is not registered. */
export function isInvalidQuery(error: unknown): boolean {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && (cause.code as number) === INVALID;
}
