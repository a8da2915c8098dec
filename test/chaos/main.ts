/** `npm run chaos`: faults at every cut point of every scenario, on servers of its own. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DEFAULT_LANES, campaign, recorded } from './campaign.ts';
import { addToRecord, conclude, numberOf, onStage, readRecord, tell } from './cli.ts';
import { shuffled, slice } from './order.ts';
import { finishedIds } from './report.ts';
import { SCENARIOS } from './scenarios.ts';
import { Stage } from './stage.ts';
import type { Case } from './types.ts';

const USAGE = `Usage: npm run chaos -- [options]

  --seed N         order of the cases (default: a new one, which is printed)
  --minutes N      nothing new is begun after so many minutes (default 90)
  --record FILE    one JSON line for each rollout; cases that are finished in it are left out, so that the same command goes on
                   where it was (default .weir/chaos-<seed>.jsonl, with --case none)
  --case ID        only that case; may be given more than once
  --match REGEX    only cases whose id matches
  --slice N        only so many cases, which cover every fault and every scenario
  --scenario NAME  only that scenario; may be given more than once
  --lanes N        rollouts under way at once (default ${DEFAULT_LANES}: 7 for each processor)
  --list           the ids of all cases, without running them
`;

const text = { type: 'string' } as const;
const OPTIONS = {
  seed: text,
  minutes: { ...text, default: '90' },
  record: text,
  case: { ...text, multiple: true },
  match: text,
  slice: text,
  scenario: { ...text, multiple: true },
  lanes: { ...text, default: String(DEFAULT_LANES) },
  list: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

process.exit(await main());

async function main(): Promise<number> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const seed = numberOf('seed', values.seed ?? String(Date.now() % 1_000_000));
  const record = values.record ?? (values.case === undefined ? join('.weir', `chaos-${seed}.jsonl`) : undefined);
  const startedMs = Date.now();
  const signal = AbortSignal.timeout(numberOf('minutes', values.minutes) * 60_000);
  const lanes = numberOf('lanes', values.lanes);
  const results = record === undefined ? [] : readRecord(record);
  const finished = finishedIds(results);
  let wanted = 0;
  const stage = await Stage.start();
  const staged = await onStage(stage, async () => {
    const { recordings, cases } = await recorded(stage, scenariosOf(values));
    if (values.list) {
      process.stdout.write(`${cases.map(({ id }) => id).join('\n')}\n`);
      return;
    }
    const chosen = choose(cases, values, seed);
    wanted = chosen.length;
    const left = chosen.filter(({ id }) => !finished.has(id));
    process.stdout.write(`seed ${seed}: ${left.length} of ${chosen.length} cases are to be run\n`);
    await campaign({
      stage,
      recordings,
      cases: left,
      lanes,
      signal,
      onResult: (result) => {
        results.push(result);
        tell(result, seed);
        if (record !== undefined) {
          addToRecord(record, result);
        }
      },
    });
  });
  if (values.list && staged.failure === undefined) {
    return 0;
  }
  return conclude(results, staged, { seed, wanted, durationMs: Date.now() - startedMs }) ? 0 : 1;
}

function scenariosOf({ case: ids, scenario }: Values): string[] {
  const named = [...(scenario ?? []), ...(ids ?? []).map((id) => id.split('/')[0] ?? '')];
  return named.length > 0 ? [...new Set(named)] : SCENARIOS.map(({ name }) => name);
}

/** @throws Error for an id that no recording gives */
function choose(cases: readonly Case[], { case: ids, slice: count, match }: Values, seed: number): Case[] {
  if (ids !== undefined) {
    return ids.map((id) => found(cases, id));
  }
  const matching = cases.filter(({ id }) => match === undefined || new RegExp(match).test(id));
  return count === undefined ? shuffled(matching, seed) : slice(matching, seed, numberOf('slice', count));
}

function found(cases: readonly Case[], wanted: string): Case {
  const one = cases.find(({ id }) => id === wanted);
  if (one === undefined) {
    throw new Error(`there is no case ${wanted}; --list names those that there are`);
  }
  return one;
}
