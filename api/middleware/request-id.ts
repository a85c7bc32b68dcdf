import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';

const HEADER = 'x-request-id';

/** Every answer carries an id: the caller's where it is fit for a log line, else a new one. */
export const requestId: RequestHandler = (req, res, next) => {
  const given = req.get(HEADER);
  const id = given !== undefined && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID();
  res.locals['requestId'] = id;
  res.setHeader(HEADER, id);
  next();
};
