import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { noQuerySchema } from '../http/parameters.ts';
import { Validated } from '../http/validate.ts';
import { DescribeLiveness, DescribeReadiness } from './health.docs.ts';
import type { Liveness, Readiness } from './health.schemas.ts';
import { HealthService } from './health.service.ts';

const NO_QUERY = new Validated(noQuerySchema, 'query');

@ApiTags('Health')
@Controller()
export class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get('healthz')
  @DescribeLiveness()
  liveness(@Query(NO_QUERY) _query: object): Liveness {
    return { status: 'ok' };
  }

  @Get('readyz')
  @DescribeReadiness()
  readiness(@Query(NO_QUERY) _query: object): Promise<Readiness> {
    return this.health.readiness();
  }
}
