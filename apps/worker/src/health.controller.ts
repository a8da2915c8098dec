import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { WorkerService } from './worker.service.ts';

@Controller()
export class HealthController {
  constructor(private readonly worker: WorkerService) {}

  /** The process answers. */
  @Get('healthz')
  healthz(): { status: string } {
    return { status: 'ok' };
  }

  /** The worker polls Temporal for tasks. */
  @Get('readyz')
  readyz(): { status: string } {
    if (!this.worker.isReady()) {
      throw new ServiceUnavailableException('the worker is not polling: Temporal or Kubernetes cannot be reached yet');
    }
    return { status: 'ok' };
  }
}
