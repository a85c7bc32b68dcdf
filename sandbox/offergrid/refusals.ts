import { STATUS_CODES } from 'node:http';
import type { Response } from 'express';
import type { z } from 'zod';

/** Answers with the platform's general error body `{statusCode, message, error}`. */
export function refuse(res: Response, status: number, message: string | string[], more: object = {}): void {
  const error = status === 429 ? 'Too Many Requests' : (STATUS_CODES[status] ?? 'Error');
  res.status(status).json({ statusCode: status, message, error, ...more });
}

/** 400 with one line for each wrong field. */
export function refuseBody(res: Response, error: z.ZodError): void {
  refuse(
    res,
    400,
    error.issues.map((issue) => `${issue.path.map(String).join('.') || 'body'}: ${issue.message}`),
  );
}
