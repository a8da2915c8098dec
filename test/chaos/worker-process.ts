import { AppProcess, type Listening } from './app-process.ts';
import { freePort } from '../support/free-port.ts';

/** A worker, with its health on a port of its own at each start. */
export class WorkerProcess extends AppProcess {
  protected async listening(): Promise<Listening> {
    const port = await freePort();
    return { env: { WEIR_WORKER_HEALTH_PORT: String(port) }, readyUrl: `http://127.0.0.1:${port}/readyz` };
  }
}
