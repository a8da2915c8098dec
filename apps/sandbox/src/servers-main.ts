/** Builds the sandbox's servers where needed and says where they are: a step of its own before long tests. */
import { ensureServers } from './servers/index.ts';
import { watchForInterruption } from './interruption.ts';

const interruption = watchForInterruption();
try {
  const paths = await ensureServers({
    report: (line) => process.stdout.write(`${line}\n`),
    signal: interruption.signal,
  });
  for (const [name, path] of Object.entries(paths)) {
    process.stdout.write(`${name}: ${path}\n`);
  }
} catch (error) {
  if (!interruption.signal.aborted) {
    process.stderr.write(`${(error as Error).message}\n`);
  }
  process.exitCode = interruption.signal.aborted ? 130 : 1;
} finally {
  interruption.close();
}
