/** `npm run bench`: measures Weir on servers of its own, beside Argo Rollouts' controller when there is one. */
import { ensurePeer } from '@weir/sandbox';
import { writeFileSync } from 'node:fs';
import { cp, mkdtemp } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { joinSandbox, type TestCluster } from '../support/cluster.ts';
import { newStateDirectory, startTestSandbox } from '../support/sandbox.ts';
import { countClientsApart } from './clients.ts';
import { Findings } from './findings.ts';
import { SETS, wantedOf, type Bench } from './measurements.ts';
import { FULL, QUICK } from './plan.ts';
import { rowsOf, tableOf } from './table.ts';
import { judge, verdictsOf } from './targets.ts';

const USAGE = `Usage: npm run bench -- [NAME ...] [--quick] [--minutes N] [--with-peer] [--json FILE]

  course     from an update to each weight, the switch of the stable Service and the end: 1, 10 and 100 rollouts at once;
             then promote and abort, one at a time and 100 at once
  requests   what a rollout costs the API server
  timers     how late durable timers fire
  drift      from an edit of a Mapping by somebody else to its repair
  brake      from an abort by REST to weight 0, idle and with 200 rollouts under way
  paused     memory, CPU and every command with 500 and 2000 paused rollouts
  crash      from SIGKILL of a worker to the next weight
  crowd      like course, with 300 at once; not with --quick
  Without a name: all of them, in less than an hour; --quick: fewer of each, in less than ten minutes. Nothing new is begun
  after --minutes (default ${FULL.minutes}, with --quick ${QUICK.minutes}); what was left out is said.

  course, crowd and requests measure Argo Rollouts too, with its default and with raised flags, when ROLLOUTS_CONTROLLER
  names its controller's binary; --with-peer builds it. docs/performance.md has the method.
`;

type Report = (line: string) => void;

// Ctrl-C: by an exit the peer's controller ends, and a sandbox whose parent has gone ends by itself.
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
SIGNALS.forEach((name) => process.once(name, () => process.exit(130)));
process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals: names } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      minutes: { type: 'string' },
      'with-peer': { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const wrong = mistakes(values, names);
  if (wrong.length > 0 || values.help) {
    process.stderr.write([...wrong, USAGE].join('\n'));
    return wrong.length > 0 ? 2 : 0;
  }
  const report: Report = (line) => void process.stdout.write(`${line}\n`);
  const peer = values['with-peer'] ? await ensurePeer({ report }) : process.env['ROLLOUTS_CONTROLLER'];
  const plan = values.quick ? QUICK : FULL;
  const minutes = values.minutes === undefined ? plan.minutes : Number(values.minutes);
  // From now on: the peer may just have been built.
  const endMs = performance.now() + minutes * 60_000;
  const findings = new Findings(() => performance.now() > endMs);
  const measuring = { plan, findings, ...(peer !== undefined && { peer }) };
  const file = values.json;
  const found = (): void => {
    if (file !== undefined) {
      const { failures } = findings;
      writeFileSync(file, `${JSON.stringify({ ...resultOf(measuring), quick: values.quick, failures }, null, 2)}\n`);
    }
  };
  SIGNALS.forEach((name) => process.prependOnceListener(name, () => print(resultOf(measuring), report)));
  const given = { ...measuring, report, found };
  const sets = SETS.filter((set) => !('crowd' in set) || plan.crowds.length > 0);
  for (const set of sets.map((all) => wantedOf(all, names)).filter(({ length }) => length > 0)) {
    if (findings.hasTimeFor(set.map(([name]) => name).join(' and '))) {
      await findings.attempt('the servers', () => onItsOwn(given, (cluster) => measureAll(set, { ...given, cluster })));
    }
  }
  found();
  print(resultOf(measuring), report);
  findings.failures.forEach((failure) => report(`FAILED ${failure}`));
  return findings.failures.length > 0 ? 1 : 0;
}

function mistakes(
  { quick, minutes }: { readonly quick: boolean; readonly minutes?: string | undefined },
  names: readonly string[],
): string[] {
  const known = SETS.flatMap((set) => Object.keys(set));
  const unknown = names.filter((name) => !known.includes(name));
  return [
    ...(unknown.length > 0 ? [`no such measurement: ${unknown.join(', ')}`] : []),
    ...(quick && names.includes('crowd') ? ['crowd is no part of --quick'] : []),
    ...(minutes === undefined || Number(minutes) > 0 ? [] : [`--minutes needs a number above 0, not '${minutes}'`]),
  ];
}

async function measureAll(measurements: ReturnType<typeof wantedOf>, bench: Bench): Promise<void> {
  for (const [name, measure] of measurements) {
    bench.report(`${name} …`);
    await bench.findings.attempt(name, () => measure(bench));
  }
}

/** Everything that was found so far, as the file has it. */
function resultOf({ plan, peer, findings: { figures, leftOut } }: Pick<Bench, 'plan' | 'peer' | 'findings'>) {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`;
  const without = peer === undefined ? ['Without Argo Rollouts: ROLLOUTS_CONTROLLER names no binary.'] : [];
  const late = leftOut.length === 0 ? [] : [`Left out, because there was no time: ${leftOut.join('; ')}.`];
  return {
    machine,
    at: new Date().toISOString(),
    notes: [...plan.notes, ...without, ...late],
    rows: rowsOf(figures),
    targets: judge(figures),
  };
}

function print({ machine, at, notes, rows, targets }: ReturnType<typeof resultOf>, report: Report): void {
  report(`\n${tableOf(rows)}\n\n${verdictsOf(targets)}\n`);
  [...notes, `${machine}, ${at}, ${Math.round(performance.now() / 60_000)} minutes`].forEach(report);
  const missed = targets.filter(({ outcome }) => outcome === 'missed');
  missed.forEach(({ target, factor }) =>
    report(`MISSED by ${factor?.toFixed(2)} ×: ${target.what}, ${target.when}, ${target.quantile}`),
  );
}

/** On servers of its own: what one set leaves running is no load for the next. Where something failed, their logs stay. */
async function onItsOwn(
  { findings: { failures }, report }: Pick<Bench, 'findings' | 'report'>,
  body: (cluster: TestCluster) => Promise<void>,
): Promise<void> {
  const sandbox = await startTestSandbox(await newStateDirectory());
  const before = failures.length;
  try {
    const cluster = await countClientsApart(await joinSandbox(sandbox.stateDirectory));
    try {
      await body(cluster);
    } finally {
      await cluster.close();
    }
  } finally {
    if (failures.length > before) {
      const kept = await mkdtemp(join(tmpdir(), 'weir-bench-logs-'));
      await cp(join(sandbox.stateDirectory, 'logs'), kept, { recursive: true });
      report(`the logs of the servers on which that failed are in ${kept}`);
    }
    await sandbox.dispose();
  }
}
