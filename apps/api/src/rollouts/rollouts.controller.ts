import { Body, Controller, Delete, Get, HttpCode, Param, Put, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { refuseBody, type RawBody } from '../http/body.ts';
import { noQuerySchema, rolloutKeySchema, type RolloutKey } from '../http/parameters.ts';
import { Validated } from '../http/validate.ts';
import type { Plan } from '../plan/plan.schemas.ts';
import { PutRollout } from './put-rollout.service.ts';
import { DescribeDelete, DescribeGet, DescribeList, DescribePut } from './rollouts.docs.ts';
import {
  listQuerySchema,
  putQuerySchema,
  type Deletion,
  type ListQuery,
  type PutQuery,
  type RolloutList,
  type RolloutView,
} from './rollout.schemas.ts';
import { RolloutsService } from './rollouts.service.ts';

const KEY = new Validated(rolloutKeySchema, 'path');
const NO_QUERY = new Validated(noQuerySchema, 'query');

@ApiTags('Rollouts')
@Controller('v1')
export class RolloutsController {
  constructor(
    private readonly rollouts: RolloutsService,
    private readonly putRollout: PutRollout,
  ) {}

  @Put('namespaces/:namespace/rollouts/:name')
  @DescribePut()
  async put(
    @Param(KEY) key: RolloutKey,
    @Query(new Validated(putQuerySchema, 'query')) query: PutQuery,
    @Body() body: RawBody | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RolloutView | Plan> {
    const answer = await this.putRollout.put(key, query, body);
    if ('plan' in answer) {
      return answer.plan;
    }
    void reply.code(answer.created ? 201 : 200);
    return answer.rollout;
  }

  @Get('namespaces/:namespace/rollouts/:name')
  @DescribeGet()
  get(@Param(KEY) key: RolloutKey, @Query(NO_QUERY) _query: object): Promise<RolloutView> {
    return this.rollouts.get(key);
  }

  @Get('rollouts')
  @DescribeList()
  list(@Query(new Validated(listQuerySchema, 'query')) query: ListQuery): Promise<RolloutList> {
    return this.rollouts.list(query);
  }

  @Delete('namespaces/:namespace/rollouts/:name')
  @HttpCode(202)
  @DescribeDelete()
  async delete(
    @Param(KEY) key: RolloutKey,
    @Query(NO_QUERY) _query: object,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Deletion> {
    refuseBody(body);
    const deletion = await this.rollouts.delete(key);
    void reply.code(deletion.deleted ? 200 : 202);
    return deletion;
  }
}
