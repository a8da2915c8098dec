/** `npm run bench`: measures Weir on servers of its own, prints a table, and writes the figures as JSON when asked to. */
import { ensurePeer } from '@weir/sandbox';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { joinSandbox, type TestCluster } from '../support/cluster.ts';
import { newStateDirectory, startTestSandbox } from '../support/sandbox.ts';
import { tableOf, type Figure } from './figures.ts';
import { MEASUREMENTS, type Given } from './measurements.ts';

const USAGE = `Usage: npm run bench -- [course] [storm] [drift] [brake] [--quick] [--with-peer] [--json FILE]

  course   from an update to each weight, the switch of the stable Service and the end: 1, 10, 100 and 300 rollouts at once
  storm    promote and abort of 1, 100 and 300 rollouts at once
  drift    from an edit of a Mapping by somebody else to its repair
  brake    from an abort by REST to weight 0, idle and with 200 rollouts under way, beside a bare PATCH
  Without a name: all of them. --quick: fewer of each.

  course and storm measure Argo Rollouts too, with its default and with raised flags, when ROLLOUTS_CONTROLLER names its
  controller's binary; --with-peer builds it.
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      'with-peer': { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const wanted = positionals.length === 0 ? Object.keys(MEASUREMENTS) : positionals;
  const unknown = wanted.filter((name) => !Object.hasOwn(MEASUREMENTS, name));
  if (unknown.length > 0 || values.help === true) {
    process.stderr.write(unknown.length > 0 ? `no such measurement: ${unknown.join(', ')}\n${USAGE}` : USAGE);
    return unknown.length > 0 ? 2 : 0;
  }
  const report = (line: string): boolean => process.stdout.write(`${line}\n`);
  const peer = values['with-peer'] ? await ensurePeer({ report }) : process.env['ROLLOUTS_CONTROLLER'];
  const given: Given = { isQuick: values.quick, ...(peer !== undefined && { peer }) };
  const figures: Figure[] = [];
  for (const name of wanted) {
    report(`${name} …`);
    figures.push(...(await onItsOwn((cluster) => MEASUREMENTS[name]?.(cluster, given) ?? Promise.resolve([]))));
  }
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`;
  const at = new Date().toISOString();
  report(`\n${tableOf(figures)}\n\n${machine}, ${at}`);
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ machine, at, figures }, null, 2)}\n`);
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
