import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { noQuerySchema, rolloutKeySchema, runKeySchema, type RolloutKey, type RunKey } from '../http/parameters.ts';
import { Validated } from '../http/validate.ts';
import { runListQuerySchema, type RunEventList, type RunList, type RunListQuery } from './run.schemas.ts';
import { DescribeRunEvents, DescribeRuns } from './runs.docs.ts';
import { RunsService } from './runs.service.ts';

@ApiTags('Runs')
@Controller('v1/namespaces/:namespace/rollouts/:name/runs')
export class RunsController {
  constructor(private readonly runs: RunsService) {}

  @Get()
  @DescribeRuns()
  list(
    @Param(new Validated(rolloutKeySchema, 'path')) key: RolloutKey,
    @Query(new Validated(runListQuerySchema, 'query')) query: RunListQuery,
  ): Promise<RunList> {
    return this.runs.list(key, query);
  }

  @Get(':runId/events')
  @DescribeRunEvents()
  events(
    @Param(new Validated(runKeySchema, 'path')) key: RunKey,
    @Query(new Validated(noQuerySchema, 'query')) _query: object,
  ): Promise<RunEventList> {
    return this.runs.events(key);
  }
}
