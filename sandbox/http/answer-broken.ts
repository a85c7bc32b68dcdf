import { STATUS_CODES } from 'node:http';
import type { ErrorRequestHandler } from 'express';

/** What a simulated system throws, as JSON: 413 and the like keep their status, anything else is 500. */
export const answerBroken: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
  const status = error instanceof Error && 'status' in error ? Number(error.status) : 500;
  const message = error instanceof Error ? error.message : String(error);
  res.status(status).json({ statusCode: status, message, error: STATUS_CODES[status] ?? 'Error' });
};
