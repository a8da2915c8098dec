/** `npm run soak`: faults in random order for an hour, with two workers of which one is never killed, and its memory. */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { DEFAULT_LANES, campaign, recorded } from './campaign.ts';
import { conclude, numberOf, onStage, tell } from './cli.ts';
import { growthOf } from './memory.ts';
import { shuffled } from './order.ts';
import { SCENARIOS } from './scenarios.ts';
import { Stage, type Memory } from './stage.ts';
import type { CaseResult } from './types.ts';

const USAGE = `Usage: npm run soak -- [--minutes N] [--seed N] [--lanes N]

  --minutes N   default 60
  --seed N      of the order (default: a new one, which is printed)
  --lanes N     rollouts under way at once (default ${DEFAULT_LANES}: 7 for each processor)
`;
const SAMPLE_MS = 5_000;

process.exit(await main());

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '60' },
      seed: { type: 'string' },
      lanes: { type: 'string', default: String(DEFAULT_LANES) },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const seed = numberOf('seed', values.seed ?? String(Date.now() % 1_000_000));
  const startedMs = Date.now();
  const signal = AbortSignal.timeout(numberOf('minutes', values.minutes) * 60_000);
  const lanes = numberOf('lanes', values.lanes);
  const results: CaseResult[] = [];
  const samples: Memory[] = [];
  const stage = await Stage.start(2);
  const staged = await onStage(stage, async () => {
    const names = SCENARIOS.map(({ name }) => name);
    const { recordings, cases } = await recorded(stage, names);
    const campaigning = new AbortController();
    const sampling = sample(stage, samples, campaigning.signal);
    const onResult = (result: CaseResult): void => {
      results.push(result);
      tell(result, seed);
    };
    try {
      for (let turn = 0; !signal.aborted; turn++) {
        await campaign({ stage, recordings, cases: shuffled(cases, seed + turn), lanes, signal, onResult });
      }
    } finally {
      campaigning.abort();
      await sampling;
    }
  });
  const isWell = conclude(results, staged, { seed, durationMs: Date.now() - startedMs });
  const growth = (['worker', 'api'] as const).map((name) => [name, growthOf(samples.map((one) => one[name]))] as const);
  const lines = growth.map(([name, { warm, end, most, isFlat }]) => {
    const [warmText, endText, mostText] = [warm, end, most].map((value) => value.toFixed(0));
    return `Memory of the ${name}: ${warmText} MB when warm, ${endText} MB at the end, ${mostText} MB at most: ${isFlat ? 'flat' : 'it GROWS'}.`;
  });
  process.stdout.write(`\n${lines.join('\n')}\n`);
  return isWell && growth.every(([, { isFlat }]) => isFlat) ? 0 : 1;
}

async function sample(stage: Stage, samples: Memory[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    samples.push(await stage.memory());
    await delay(SAMPLE_MS, undefined, { signal }).catch(() => undefined);
  }
}
