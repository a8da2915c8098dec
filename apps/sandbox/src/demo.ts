/** `npm run demo`: the example rollout, from nothing to promoted, on real servers. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEMO_USAGE, UsageError, parseDemoArguments } from './arguments.ts';
import type { DemoArguments } from './arguments.ts';
import { connectToCluster } from './cluster.ts';
import { followRun } from './demo/follow-run.ts';
import { withPauses } from './demo/progress.ts';
import { RolloutClient } from './demo/rollout-client.ts';
import { Scene } from './demo/scene.ts';
import { watchForInterruption } from './interruption.ts';
import { REPOSITORY } from './repository.ts';
import { startSandbox } from './sandbox.ts';
import type { SandboxInfo } from './sandbox-info.ts';

const FAST_PAUSE = '5s';

const print = (line = '') => process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const options = parseDemoArguments(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(DEMO_USAGE);
    return 0;
  }
  const state = options.state ?? mkdtempSync(join(tmpdir(), 'weir-demo-'));
  const interruption = watchForInterruption();
  const logs = `Everything that was logged is in ${state}`;
  let keep = false;
  try {
    const code = await runIn(state, options, interruption.signal);
    keep = code !== 0 && !interruption.signal.aborted;
    if (keep) {
      print(`\n${logs}`);
    }
    return code;
  } catch (error) {
    if (interruption.signal.aborted) {
      return 130;
    }
    keep = true;
    throw error instanceof Error ? new Error(`${error.message}\n${logs}`, { cause: error }) : error;
  } finally {
    interruption.close();
    if (options.state === undefined && !keep) {
      rmSync(state, { recursive: true, force: true });
    }
  }
}

async function runIn(state: string, options: DemoArguments, signal: AbortSignal): Promise<number> {
  print('Starting Kubernetes, Temporal and Weir on 127.0.0.1 ...');
  const sandbox = await startSandbox({ state, report: print, signal });
  try {
    const problems = await runRollout(sandbox.info, options, signal);
    if (problems.length === 0) {
      print('\nPromoted: someapp-stable selects the new version, and the canary Mapping is gone.');
    } else {
      print(`\nNot promoted:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    }
    if (options.exit) {
      return problems.length === 0 ? 0 : 1;
    }
    print('Everything stays up until Ctrl-C.');
    if (!signal.aborted) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    }
    return 0;
  } finally {
    await sandbox.stop(signal.reason === 'parent');
  }
}

/** Answers what is wrong at the end; nothing when the rollout was promoted. */
async function runRollout(info: SandboxInfo, options: DemoArguments, signal: AbortSignal): Promise<string[]> {
  const scene = new Scene(connectToCluster(info.kubeconfig));
  const client = new RolloutClient(info.apiUrl);
  await scene.set(REPOSITORY, signal);
  print('Two versions of someapp are running; its stable Mapping sends all traffic to the old one.');
  const example = readFileSync(join(REPOSITORY, 'examples/rollout.traffic-only.yaml'), 'utf8');
  const before = await client.get();
  await client.put(options.fast ? withPauses(example, FAST_PAUSE) : example);
  const last = await followRun({
    client,
    scene,
    oldRun: before?.run?.runId,
    onStart: (workflowId) => introduce(info, workflowId, client.url),
    signal,
  });
  const problems = await scene.missingFromPromotion();
  if (last.outcome === 'promoted') {
    return problems;
  }
  return [`the run ended ${last.outcome ?? 'without an outcome'}: ${last.message ?? 'no message'}`, ...problems];
}

function introduce(info: SandboxInfo, workflowId: string, rolloutUrl: string): void {
  const { temporalUiUrl, temporalNamespace, temporalAddress, commands } = info;
  const signalCommand = (name: string) =>
    `${commands.temporal?.command} workflow signal --address ${temporalAddress} ` +
    `--namespace ${temporalNamespace} --workflow-id '${workflowId}' --name ${name}`;
  print();
  print(`API docs        ${info.apiUrl}/docs`);
  print(`This rollout    ${temporalUiUrl}/namespaces/${temporalNamespace}/workflows/${encodeURIComponent(workflowId)}`);
  print('Do not wait for a pause, or stop it all, in another terminal:');
  print(`  curl -X POST ${rolloutUrl}/promote`);
  print(`  curl -X POST ${rolloutUrl}/abort`);
  print(`  ${signalCommand('promote')}`);
  print(`  ${signalCommand('abort')}`);
  print();
}

try {
  process.exitCode = await main();
} catch (error) {
  const usage = error instanceof UsageError ? `\n\n${DEMO_USAGE}` : '\n';
  process.stderr.write(`demo: ${(error as Error).message}${usage}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
