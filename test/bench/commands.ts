import { ROLLOUTS } from '@weir/kubernetes';
import { canaryMappingName } from '@weir/rollout';
import type { ManifestStep } from '../support/objects.ts';
import { eventually } from '../support/wait.ts';
import type { Sample } from './figures.ts';
import type { Fleet } from './fleet.ts';
import { COMMAND, COMMANDS, type Command } from './rows.ts';
import type { MeasuredObject } from './side.ts';

export const FIRST_WEIGHT = 10;
const PROMOTED_WEIGHT = 20;
const SKIPPED_WEIGHT = 30;

/** Behind the weight {@link FIRST_WEIGHT} and its pause. */
export const COMMAND_STEPS: readonly ManifestStep[] = [PROMOTED_WEIGHT, SKIPPED_WEIGHT].flatMap((setWeight) => [
  { setWeight },
  { pause: {} },
]);

/** An evicted run is replayed before it answers, on a machine that is busy with thousands. */
const TIMEOUT_MS = 60_000;
/** Before each rollout's commands. */
const BARE_PATCHES = 1;

/** The weight that a command leads to, and the index of the step where the run then waits; absent: it moves none. */
const LEADS_TO: Readonly<Partial<Record<Command, { readonly weight: number; readonly step?: number }>>> = {
  promote: { weight: PROMOTED_WEIGHT, step: 3 },
  skip: { weight: SKIPPED_WEIGHT, step: 5 },
  abort: { weight: 0 },
  retry: { weight: FIRST_WEIGHT, step: 1 },
};

/** Each command to each of these rollouts, one at a time; they are paused at the first weight, before and after. */
export async function measureCommands(fleet: Fleet, names: readonly string[], when: string): Promise<Sample[]> {
  const answered = new Map<Command, number[]>(COMMANDS.map((command) => [command, []]));
  const written = new Map<Command, number[]>();
  for (const name of names) {
    await fleet.bare.measure(BARE_PATCHES);
    for (const command of COMMANDS) {
      const { answeredMs, writtenMs } = await give(fleet, name, command);
      answered.get(command)?.push(answeredMs);
      if (writtenMs !== undefined) {
        written.set(command, [...(written.get(command) ?? []), writtenMs]);
      }
    }
  }
  const of = { when, side: 'weir', bare: [...fleet.bare.values] } as const;
  return [
    ...[...answered].map(([command, values]) => ({ what: COMMAND.answered(command), ...of, values })),
    ...[...written].map(([command, values]) => ({ what: COMMAND.written(command), ...of, values })),
  ];
}

async function give(
  fleet: Fleet,
  name: string,
  command: Command,
): Promise<{ readonly answeredMs: number; readonly writtenMs?: number }> {
  const leadsTo = LEADS_TO[command];
  const canary = canaryMappingName(name);
  const sentAtMs = performance.now();
  const answer = async (): Promise<number> => {
    await fleet.request('POST', name, `/${command}`, { actor: 'bench' });
    return performance.now() - sentAtMs;
  };
  if (leadsTo === undefined) {
    return { answeredMs: await answer() };
  }
  const { weight, step } = leadsTo;
  const [writtenAtMs, answeredMs] = await Promise.all([
    // Gone is as good as weight 0: a run may have been quicker than the watch.
    fleet.clock.mapping(canary, (now) => (now?.spec.weight ?? 0) === weight, TIMEOUT_MS),
    answer(),
    ...(step === undefined ? [fleet.clock.mapping(canary, (now) => now === undefined, TIMEOUT_MS)] : []),
  ]);
  if (step !== undefined) {
    await waiting(fleet, name, step);
  }
  return { answeredMs, writtenMs: writtenAtMs - sentAtMs };
}

/** The run waits in that step: a command that came before would be about the step that it is in. */
async function waiting(fleet: Fleet, name: string, step: number): Promise<void> {
  const at = { resource: ROLLOUTS, namespace: fleet.namespace, name };
  await eventually(
    `${name} waits in step ${step}`,
    async () => {
      const { status } = await fleet.cluster.kubernetes.get<MeasuredObject>(at);
      return status?.phase === 'Paused' && status.currentStepIndex === step;
    },
    TIMEOUT_MS,
  );
}
