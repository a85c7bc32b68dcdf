import { createServer, type Server } from 'node:http';
import type { Worker } from '@temporalio/worker';

/** `/healthz`: the process lives. `/readyz`: it polls both queues. */
export async function startHealthServer(
  host: string,
  port: number,
  workers: () => Worker[],
): Promise<Server> {
  const server = createServer((request, response) => {
    const path = request.url?.split('?', 1)[0];
    const answer = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (path === '/healthz') {
      answer(200, { status: 'ok' });
    } else if (path === '/readyz') {
      const queues = Object.fromEntries(
        workers().map((worker) => [worker.options.taskQueue, worker.getState()]),
      );
      const ready =
        Object.keys(queues).length > 0 && Object.values(queues).every((state) => state === 'RUNNING');
      answer(ready ? 200 : 503, { status: ready ? 'ok' : 'unavailable', queues });
    } else {
      answer(404, { title: 'Not Found', status: 404 });
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return server;
}
