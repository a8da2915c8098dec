import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { AppProcess, type Listening } from './app-process.ts';

/** A worker, with its health on a port of its own at each start. */
export class WorkerProcess extends AppProcess {
  protected async listening(): Promise<Listening> {
    const port = await freePort();
    return { env: { WEIR_WORKER_HEALTH_PORT: String(port) }, readyUrl: `http://127.0.0.1:${port}/readyz` };
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
