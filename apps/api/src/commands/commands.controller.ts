import { Controller, Param, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { noQuerySchema, rolloutKeySchema, type RolloutKey } from '../http/parameters.ts';
import { Validated } from '../http/validate.ts';
import { AbortService } from './abort.service.ts';
import type { CommandOutcome } from './command-outcome.ts';
import type { CommandAnswerView } from './command.schemas.ts';
import {
  DescribeAbort,
  DescribePause,
  DescribePromote,
  DescribeRestart,
  DescribeResume,
  DescribeRetry,
  DescribeSkip,
  DescribeUndo,
} from './commands.docs.ts';
import { CommandsService } from './commands.service.ts';
import { Given } from './given-command.ts';
import type { ReadCommand } from './read-command.ts';
import { RestartService } from './restart.service.ts';
import { UndoService } from './undo.service.ts';

const Key = (): ParameterDecorator => Param(new Validated(rolloutKeySchema, 'path'));
const NoQuery = (): ParameterDecorator => Query(new Validated(noQuerySchema, 'query'));
const Reply = (): ParameterDecorator => Res({ passthrough: true });

@ApiTags('Commands')
@Controller('v1/namespaces/:namespace/rollouts/:name')
export class CommandsController {
  constructor(
    private readonly commands: CommandsService,
    private readonly aborts: AbortService,
    private readonly restarts: RestartService,
    private readonly undos: UndoService,
  ) {}

  @Post('promote')
  @DescribePromote()
  async promote(
    @Key() key: RolloutKey,
    @NoQuery() _: object,
    @Given('promote') command: ReadCommand<'promote'>,
    @Reply() reply: FastifyReply,
  ): Promise<CommandAnswerView> {
    return send(reply, await this.commands.update('promote', key, command));
  }

  @Post('abort')
  @DescribeAbort()
  async abort(
    @Key() key: RolloutKey,
    @NoQuery() _: object,
    @Given('abort') command: ReadCommand<'abort'>,
    @Reply() reply: FastifyReply,
  ): Promise<CommandAnswerView> {
    return send(reply, await this.aborts.abort(key, command));
  }

  @Post('retry')
  @DescribeRetry()
  async retry(
    @Key() key: RolloutKey,
    @NoQuery() _: object,
    @Given('retry') command: ReadCommand<'retry'>,
    @Reply() reply: FastifyReply,
  ): Promise<CommandAnswerView> {
    return send(reply, await this.commands.retry(key, command));
  }

  @Post('pause')
  @DescribePause()
  async pause(
    @Key() key: RolloutKey,
    @NoQuery() _: object,
    @Given('pause') command: ReadCommand<'pause'>,
    @Reply() reply: FastifyReply,
  ): Promise<CommandAnswerView> {
    return send(reply, await this.commands.update('pause', key, command));
  }

  @Post('resume')
  @DescribeResume()
  async resume(
    @Key() key: RolloutKey,
    @NoQuery() _: object,
    @Given('resume') command: ReadCommand<'resume'>,
    @Reply() reply: FastifyReply,
  ): Promise<CommandAnswerView> {
    return send(reply, await this.commands.update('resume', key, command));
  }

  @Post('skip')
  @DescribeSkip()
  async skip(
    @Key() key: RolloutKey,
    @NoQuery() _: object,
    @Given('skip') command: ReadCommand<'skip'>,
    @Reply() reply: FastifyReply,
  ): Promise<CommandAnswerView> {
    return send(reply, await this.commands.update('skip', key, command));
  }

  @Post('restart')
  @DescribeRestart()
  async restart(
    @Key() key: RolloutKey,
    @NoQuery() _: object,
    @Given('restart') command: ReadCommand<'restart'>,
    @Reply() reply: FastifyReply,
  ): Promise<CommandAnswerView> {
    return send(reply, await this.restarts.restart(key, command));
  }

  @Post('undo')
  @DescribeUndo()
  async undo(
    @Key() key: RolloutKey,
    @NoQuery() _: object,
    @Given('undo') command: ReadCommand<'undo'>,
    @Reply() reply: FastifyReply,
  ): Promise<CommandAnswerView> {
    return send(reply, await this.undos.undo(key, command));
  }
}

function send(reply: FastifyReply, { status, answer }: CommandOutcome): CommandAnswerView {
  void reply.code(status);
  return answer;
}
