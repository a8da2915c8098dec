/** `npm run demo`: the example rollout, from nothing to promoted, on real servers. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEMO_USAGE, UsageError, parseDemoArguments } from './arguments.ts';
import type { DemoArguments } from './arguments.ts';
import { connectToCluster } from './cluster.ts';
import { followRun } from './demo/follow-run.ts';
import { loadSummary } from './demo/load-summary.ts';
import { ObservedSplit } from './demo/observed-split.ts';
import { type RolloutView, withImage, withPauses } from './demo/progress.ts';
import { RolloutClient } from './demo/rollout-client.ts';
import { Scene, TRAFFIC_PATH } from './demo/scene.ts';
import { watchForInterruption } from './interruption.ts';
import { startLoad } from './load.ts';
import { REPOSITORY } from './repository.ts';
import { startSandbox } from './sandbox.ts';
import type { SandboxInfo } from './sandbox-info.ts';

const FAST_PAUSE = '5s';
const OLD_IMAGE = 'someapp:1.0.0';
const NEW_IMAGE = 'someapp:2.0.0';
/** Enough that a share can be told from its neighbours within a pause, and next to nothing for the machine. */
const REQUESTS_PER_SECOND = 50;

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
      print(`\nPromoted: someapp-stable selects the pods of ${NEW_IMAGE}, and the canary Mapping is gone.`);
      print('The old pods stay for 30 s, in case you want them back.');
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
  const example = readFileSync(join(REPOSITORY, 'examples/rollout.yaml'), 'utf8');
  const manifest = options.fast ? withPauses(example, FAST_PAUSE) : example;
  await client.delete();
  await scene.rolloutGone(signal);
  await scene.set(REPOSITORY);

  print(`\nA first deploy, of ${OLD_IMAGE}: there is no traffic to move, so it takes no steps.`);
  await client.put(withImage(manifest, OLD_IMAGE));
  const first = await followRun({ client, signal });
  const firstProblems = await problemsAtTheEnd(first, scene, OLD_IMAGE);
  if (firstProblems.length > 0) {
    return firstProblems;
  }

  return update(withImage(manifest, NEW_IMAGE), info, { client, scene, signal });
}

/** The update to the new image, under load. */
async function update(
  manifest: string,
  info: SandboxInfo,
  { client, scene, signal }: { readonly client: RolloutClient; readonly scene: Scene; readonly signal: AbortSignal },
): Promise<string[]> {
  const { gatewayUrls: urls } = info;
  print(`\nAn update to ${NEW_IMAGE}: 30 %, a pause, 60 %, a pause, promoted.`);
  print(`Meanwhile ${REQUESTS_PER_SECOND} requests/s go through ${urls.length} instances of the local gateway.`);
  const load = startLoad({ urls, path: TRAFFIC_PATH, requestsPerSecond: REQUESTS_PER_SECOND });
  try {
    await client.put(manifest);
    const onStart = (workflowId: string) => introduce(info, workflowId, client.url);
    const last = await followRun({ client, onStart, split: new ObservedSplit(load), signal });
    const problems = await problemsAtTheEnd(last, scene, NEW_IMAGE);
    await load.stop();
    const { text, problem } = loadSummary(load.counts(), await scene.images());
    print(`\n${text}`);
    return [...problems, ...(problem === undefined ? [] : [problem])];
  } finally {
    await load.stop();
  }
}

async function problemsAtTheEnd({ outcome, message }: RolloutView, scene: Scene, image: string): Promise<string[]> {
  const problems = await scene.missingFromPromotion(image);
  // Promoted in full, by one who did not want to wait, is promoted.
  return outcome === 'promoted' || outcome === 'fastPromoted'
    ? problems
    : [`the run ended ${outcome ?? 'without an outcome'}: ${message ?? 'no message'}`, ...problems];
}

function introduce(info: SandboxInfo, workflowId: string, rolloutUrl: string): void {
  const { temporalUiUrl, temporalNamespace, temporalAddress, commands } = info;
  const signalCommand = (name: string) =>
    `${commands.temporal?.command} workflow signal --address ${temporalAddress} ` +
    `--namespace ${temporalNamespace} --workflow-id '${workflowId}' --name ${name}`;
  print();
  print(`API docs        ${info.apiUrl}/docs`);
  print(`Gateway         ${info.gatewayUrls.map((url) => url + TRAFFIC_PATH).join('  ')}`);
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
