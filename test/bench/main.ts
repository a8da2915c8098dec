/** `npm run bench`: measures Weir on servers of its own, prints a table, and writes the figures as JSON when asked to. */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { joinSandbox, type TestCluster } from '../support/cluster.ts';
import { newStateDirectory, startTestSandbox } from '../support/sandbox.ts';
import { measureBrake } from './brake.ts';
import { measureDrift } from './drift.ts';
import { tableOf, type Figure } from './figures.ts';

const USAGE = `Usage: npm run bench -- [drift] [brake] [--quick] [--json FILE]

  drift    from an edit of a Mapping by somebody else to its repair
  brake    from an abort by REST to weight 0, idle and with 200 rollouts under way, beside a bare PATCH
  Without a name: all of them. --quick: fewer of each.
`;

type Measurement = (cluster: TestCluster, isQuick: boolean) => Promise<readonly Figure[]>;

const MEASUREMENTS: Readonly<Record<string, Measurement>> = {
  drift: (cluster, isQuick) => measureDrift(cluster, isQuick ? 40 : 200),
  brake: async (cluster, isQuick) => [
    ...(await measureBrake(cluster, isQuick ? 20 : 50, 0)),
    ...(await measureBrake(cluster, isQuick ? 20 : 50, isQuick ? 50 : 200)),
  ],
};

process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: 'boolean', default: false }, json: { type: 'string' }, help: { type: 'boolean' } },
  });
  const wanted = positionals.length === 0 ? Object.keys(MEASUREMENTS) : positionals;
  const unknown = wanted.filter((name) => !Object.hasOwn(MEASUREMENTS, name));
  if (unknown.length > 0 || values.help === true) {
    process.stderr.write(unknown.length > 0 ? `no such measurement: ${unknown.join(', ')}\n${USAGE}` : USAGE);
    return unknown.length > 0 ? 2 : 0;
  }
  const figures: Figure[] = [];
  for (const name of wanted) {
    process.stdout.write(`${name} …\n`);
    figures.push(...(await onItsOwn((cluster) => MEASUREMENTS[name]?.(cluster, values.quick) ?? Promise.resolve([]))));
  }
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`;
  process.stdout.write(`\n${tableOf(figures)}\n\n${machine}, ${new Date().toISOString()}\n`);
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ machine, at: new Date().toISOString(), figures }, null, 2)}\n`);
  }
  return 0;
}

/** On servers of its own: what one measurement leaves running is no load for the next. */
async function onItsOwn<T>(body: (cluster: TestCluster) => Promise<T>): Promise<T> {
  const sandbox = await startTestSandbox(await newStateDirectory());
  try {
    const cluster = await joinSandbox(sandbox.stateDirectory);
    try {
      return await body(cluster);
    } finally {
      await cluster.close();
    }
  } finally {
    await sandbox.dispose();
  }
}
