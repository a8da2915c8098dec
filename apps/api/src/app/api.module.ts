import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { BrakeService } from '../brake/brake.service.ts';
import { RolloutOrder } from '../brake/rollout-order.ts';
import { TrafficIndex } from '../brake/traffic-index.ts';
import { TrafficWatch } from '../brake/traffic-watch.ts';
import { ClusterIdentity } from '../cluster/cluster-identity.ts';
import { Installation } from '../cluster/installation.ts';
import { RevisionHistory } from '../cluster/revision-history.ts';
import { RolloutStore } from '../cluster/rollout-store.ts';
import { ServedMappings } from '../cluster/served-mappings.ts';
import { SpecWriter } from '../cluster/spec-writer.ts';
import { TemplateCheck } from '../cluster/template-check.ts';
import { AbortService } from '../commands/abort.service.ts';
import { CommandsController } from '../commands/commands.controller.ts';
import { CommandsService } from '../commands/commands.service.ts';
import { NotRunning } from '../commands/not-running.ts';
import { RestartService } from '../commands/restart.service.ts';
import { SpecChanges } from '../commands/spec-changes.service.ts';
import { UndoService } from '../commands/undo.service.ts';
import { HealthController } from '../health/health.controller.ts';
import { HealthService } from '../health/health.service.ts';
import { ProblemFilter } from '../http/problem.filter.ts';
import { PlanService } from '../plan/plan.service.ts';
import { PutRollout } from '../rollouts/put-rollout.service.ts';
import { RolloutsController } from '../rollouts/rollouts.controller.ts';
import { RolloutsService } from '../rollouts/rollouts.service.ts';
import { RunTeller } from '../rollouts/run-teller.ts';
import { NewestRun } from '../runs/newest-run.ts';
import { RunsController } from '../runs/runs.controller.ts';
import { RunsService } from '../runs/runs.service.ts';
import { KUBERNETES, LOGGER, RUNS, SETTINGS, type ApiDependencies } from './dependencies.ts';

@Module({})
export class ApiModule {
  /** The API on what it is given: the real servers, or what a test puts in their place. */
  static on({ settings, logger, kubernetes, runs }: ApiDependencies): DynamicModule {
    return {
      module: ApiModule,
      controllers: [RolloutsController, CommandsController, RunsController, HealthController],
      providers: [
        { provide: SETTINGS, useValue: settings },
        { provide: LOGGER, useValue: logger },
        { provide: KUBERNETES, useValue: kubernetes },
        { provide: RUNS, useValue: runs },
        { provide: APP_FILTER, useClass: ProblemFilter },
        ClusterIdentity,
        Installation,
        ServedMappings,
        TrafficIndex,
        TrafficWatch,
        RolloutStore,
        SpecWriter,
        RevisionHistory,
        TemplateCheck,
        RunTeller,
        NewestRun,
        PutRollout,
        PlanService,
        RolloutsService,
        RunsService,
        CommandsService,
        RolloutOrder,
        BrakeService,
        AbortService,
        NotRunning,
        SpecChanges,
        RestartService,
        UndoService,
        HealthService,
      ],
    };
  }
}
