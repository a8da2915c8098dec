import { ApplicationFailure } from '@temporalio/common';
import { FAILURES, type CanaryRolloutActivities, type ReportStatusInput } from '@weir/contract';
import type { Observation, Problem, Step } from '@weir/rollout';

/** What the workflow asked of the cluster, in order; status reports are kept apart because they run beside. */
export class FakeCluster {
  readonly calls: string[] = [];
  readonly reports: ReportStatusInput[] = [];
  /** Called before each activity: a test makes one fail, or wait. */
  before: (call: string) => Promise<void> | void = () => undefined;
  observation: Observation;

  constructor(steps: readonly Step[], mappings: readonly string[] = ['app']) {
    this.observation = {
      rollout: {
        uid: 'uid-1',
        generation: 1,
        deleting: false,
        owned: true,
        spec: { stableService: 'app-stable', canaryService: 'app-canary', mappings, steps },
        aborted: false,
        conditions: [],
      },
      revision: { stable: 'old', canary: 'new' },
      problems: [],
      mappingApiVersion: 'getambassador.io/v2',
    };
  }

  changeRollout(change: Partial<NonNullable<Observation['rollout']>>): void {
    const { rollout } = this.observation;
    if (rollout !== undefined) {
      this.observation = { ...this.observation, rollout: { ...rollout, ...change } };
    }
  }

  readonly activities: CanaryRolloutActivities = {
    observeRollout: async () => {
      await this.before('observe');
      return this.observation;
    },
    ensureCanaryMappings: async ({ stableMappings }) => {
      await this.note('create');
      return stableMappings.map((stableName) => ({ stableName, name: `${stableName}0-canary`, resourceVersion: '1' }));
    },
    setCanaryWeight: async ({ weight, canaryMappings }) => {
      await this.note(`weight ${weight}`);
      return { canaryMappings };
    },
    switchStableService: async () => {
      await this.note('switch');
      return { switched: true };
    },
    awaitStableEndpoints: () => this.note('endpoints'),
    removeCanaryMappings: async ({ names }) => {
      await this.note('remove');
      return { removed: names };
    },
    releaseRollout: () => this.note('release'),
    reportStatus: async (input) => {
      await this.before('report');
      this.reports.push(input);
    },
  };

  private async note(call: string): Promise<void> {
    await this.before(call);
    this.calls.push(call);
  }
}

/** What an activity throws when retrying cannot help. */
export function finalFailure(problem: Problem): ApplicationFailure {
  return ApplicationFailure.create({
    type: FAILURES.cannotProceed,
    message: problem.message,
    nonRetryable: true,
    details: [problem],
  });
}
