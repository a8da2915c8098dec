import { isPausing } from './commands.ts';
import type { RunEvent } from './evolve.ts';
import { WEIGHT_NOT_SERVED, isNotServed } from './gateway.ts';
import { describeRepair } from './mappings.ts';
import { DEADLINE_EXCEEDED } from './phase.ts';
import { hasPods, waitedFor } from './pods.ts';
import type { Scaling } from './replicas.ts';
import type { Repair, Run } from './run.ts';
import { describeStep } from './steps.ts';
import { nameOf } from './transitions.ts';
import { revisionWith } from './workload.ts';

/** What is worth a Kubernetes Event; the reasons are those that users of Argo Rollouts know. */
export interface Notice {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** What to tell of a change of the state, in order. Pure. */
export function noticesOf(before: Run, after: Run, event?: RunEvent): Notice[] {
  return [
    ...asked(before, after),
    ...begun(before, after),
    ...(event === undefined ? [] : done(after, event)),
    ...stepsCompleted(before, after),
    ...pauses(before, after),
    ...deadline(before, after),
    ...served(before, after),
    ...ended(before, after),
  ];
}

function normal(reason: string, message: string): Notice {
  return { type: 'Normal', reason, message };
}

/** A restart or an undo, with who gave it: the change itself says only what. */
function asked(before: Run, { change }: Run): Notice[] {
  if (change === undefined || change.told === true || change.at === before.change?.at) {
    return [];
  }
  const { command, actor, reason } = change;
  const name = command.charAt(0).toUpperCase() + command.slice(1);
  return [normal(`Rollout${name}`, `${command} by ${actor}${reason === undefined ? '' : `: ${reason}`}`)];
}

function begun(before: Run, after: Run): Notice[] {
  const isNewTry = before.stage === 'observing' && ['creating', 'stepping', 'deploying'].includes(after.stage);
  if (!isNewTry || !hasPods(after)) {
    return [];
  }
  return [
    after.retrying
      ? normal('RolloutRetry', `revision ${nameOf(after)} is tried again`)
      : normal('RolloutUpdated', `revision ${after.revision.canary} is wanted`),
    ...(after.isRollback === true
      ? [normal('SkipSteps', `revision ${nameOf(after)} is within the rollbackWindow: its steps are skipped`)]
      : []),
  ];
}

function done(after: Run, event: RunEvent): Notice[] {
  switch (event.kind) {
    case 'weightWritten':
      return [normal('CanaryMappingWeightUpdate', `canary weight ${event.weight}`)];
    case 'mappingsRepaired':
      return event.repairs.map((repair) => ({ ...REPAIRS[repair.what], message: describeRepair(repair) }));
    case 'canaryMappingsAdopted':
      return event.canaryMappings.map(({ name, weight }) =>
        normal(
          'CanaryMappingAdopted',
          `Mapping ${name} of Argo Rollouts was at weight ${weight ?? 0}: taken home and deleted`,
        ),
      );
    case 'replicaSetsScaled':
      return event.scalings.flatMap(scaled);
    case 'servicesPointed':
      return Object.entries(event.services).map(([role, hash]) => {
        const service = role === 'stable' ? after.spec.stableService : after.spec.canaryService;
        const number = revisionWith(after.workload, hash as string)?.number ?? 0;
        return normal('SwitchService', `Service ${service} selects revision ${number} (${hash as string})`);
      });
    case 'postponed':
      return [{ type: 'Warning', reason: 'UpkeepFailed', message: `${event.action}: ${event.message}` }];
    case 'podsRestarted':
      return event.evicted === 0
        ? []
        : [normal('PodsRestarted', `${event.evicted} pods were evicted, ${event.left} are left to restart`)];
    default:
      return [];
  }
}

function scaled({ name, number, from, to }: Scaling): Notice[] {
  const direction = (from ?? 0) < to ? 'up' : 'down';
  return [
    ...(from === undefined ? [normal('NewReplicaSetCreated', `ReplicaSet ${name} is revision ${number}`)] : []),
    ...((from ?? 0) === to
      ? []
      : [
          normal(
            'ScalingReplicaSet',
            `ReplicaSet ${name} (revision ${number}) scaled ${direction} from ${from ?? 0} to ${to}`,
          ),
        ]),
  ];
}

const REPAIRS: Readonly<Record<Repair['what'], Pick<Notice, 'type' | 'reason'>>> = {
  stableEdited: { type: 'Normal', reason: 'StableMappingChanged' },
  canaryEdited: { type: 'Warning', reason: 'CanaryMappingRepaired' },
  canaryDeleted: { type: 'Warning', reason: 'CanaryMappingRepaired' },
  stableGone: { type: 'Warning', reason: 'AmbassadorMappingNotFound' },
  stableBack: { type: 'Normal', reason: 'AmbassadorMappingFound' },
};

/** A gateway that is late, or cannot be asked at all: once each, and when it is well again. */
function served(before: Run, after: Run): Notice[] {
  const { served: report, servedDueMs = 0, writtenWeight } = after;
  if (report === undefined || report === before.served) {
    return [];
  }
  const isUnknown = report.state === 'unknown' && report.atMs >= servedDueMs;
  if (isNotServed(after) && !isNotServed(before)) {
    return [{ type: 'Warning', reason: WEIGHT_NOT_SERVED, message: report.message }];
  }
  if (isUnknown) {
    const message = `the gateway could not be asked: weight ${writtenWeight} counts as written (${report.message})`;
    return [{ type: 'Warning', reason: 'GatewayUnreachable', message }];
  }
  return report.state === 'served' && isNotServed(before)
    ? [normal('WeightServed', `the gateway serves weight ${writtenWeight}`)]
    : [];
}

function stepsCompleted(before: Run, after: Run): Notice[] {
  const { steps } = after.spec;
  return steps.flatMap((step, index) => {
    const isNew =
      after.stepRecords[index]?.endedAtMs !== undefined && before.stepRecords[index]?.endedAtMs === undefined;
    // A step that an abort cut short was not completed.
    return isNew && after.stage !== 'retreating'
      ? [normal('RolloutStepCompleted', `step ${index + 1} of ${steps.length} completed (${describeStep(step)})`)]
      : [];
  });
}

function pauses(before: Run, after: Run): Notice[] {
  return [...pausesOfSteps(before, after), ...pausesBySpec(before, after), ...pausesByPeople(before, after)];
}

function pausesOfSteps(before: Run, after: Run): Notice[] {
  const pausedStep = (run: Run): number | undefined => (isPausing(run) ? run.stepIndex : undefined);
  const [was, is] = [pausedStep(before), pausedStep(after)];
  const resumed = was !== undefined && was !== is && after.stage === 'stepping';
  return [
    ...(resumed ? [normal('RolloutResumed', `the pause of step ${was + 1} is over`)] : []),
    ...(is !== undefined && was !== is
      ? [normal('RolloutPaused', `step ${is + 1}: paused at ${after.writtenWeight} %`)]
      : []),
  ];
}

function pausesBySpec(before: Run, after: Run): Notice[] {
  const [was, is] = [before.spec.paused === true, after.spec.paused === true];
  if (was === is || before.stage === 'observing') {
    return [];
  }
  return [is ? normal('RolloutPaused', 'spec.paused is true') : normal('RolloutResumed', 'spec.paused is not true')];
}

function pausesByPeople({ held: was }: Run, { held: is, stage }: Run): Notice[] {
  if (is !== undefined) {
    return was === undefined ? [normal('RolloutPaused', `paused by ${is.actor}`)] : [];
  }
  return was !== undefined && stage === 'stepping' ? [normal('RolloutResumed', 'no longer held')] : [];
}

function deadline(before: Run, after: Run): Notice[] {
  const isNew = after.deadlineExceeded === true && before.deadlineExceeded !== true;
  const seconds = after.spec.workload?.progressDeadlineSeconds ?? 0;
  return isNew
    ? [
        {
          type: 'Warning',
          reason: DEADLINE_EXCEEDED,
          message: `revision ${nameOf(after, waitedFor(after))} made no progress for ${seconds} s`,
        },
      ]
    : [];
}

function ended({ ending: before }: Run, { ending }: Run): Notice[] {
  if (ending === undefined || before !== undefined || ending.outcome === 'nothingToDo' || ending.standing === true) {
    return [];
  }
  return [
    { type: ending.outcome === 'aborted' ? 'Warning' : 'Normal', reason: ending.reason, message: ending.message },
  ];
}
