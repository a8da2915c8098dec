/**
 * Builds the sandbox's servers where needed and says where they are: a step of its own before long tests. With the argument
 * `peer` it builds Argo Rollouts' controller instead, which only one test needs.
 */
import { ensurePeer, ensureServers } from './servers/index.ts';
import { watchForInterruption } from './interruption.ts';

const print = (line: string) => process.stdout.write(`${line}\n`);
const interruption = watchForInterruption();
const options = { report: print, signal: interruption.signal };
try {
  if (process.argv[2] === 'peer') {
    print(`ROLLOUTS_CONTROLLER=${await ensurePeer(options)}`);
  } else {
    for (const [name, path] of Object.entries(await ensureServers(options))) {
      print(`${name}: ${path}`);
    }
  }
} catch (error) {
  if (!interruption.signal.aborted) {
    process.stderr.write(`${(error as Error).message}\n`);
  }
  process.exitCode = interruption.signal.aborted ? 130 : 1;
} finally {
  interruption.close();
}
