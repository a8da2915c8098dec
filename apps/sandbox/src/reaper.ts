/**
 * A process of its own that kills what the sandbox started, when the sandbox ends in a way that leaves it no time to
 * do so (`kill -9`, out of memory). Its standard input is a pipe that only the sandbox holds; the system closes it
 * whatever happens. Lines: `+<pid> <start time>` to watch over a process, `-<pid>` to forget it.
 */
import { createInterface } from 'node:readline';
import { isRunning } from './process-identity.ts';

const watched = new Map<number, string>();

// What is meant for the sandbox (Ctrl-C, a closed terminal) must not end the one that cleans up after it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {});
}

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const [pid, startTime] = line.slice(1).split(/ (.*)/s);
  if (line.startsWith('+')) {
    watched.set(Number(pid), startTime ?? '');
  } else {
    watched.delete(Number(pid));
  }
});
lines.on('close', () => {
  for (const [pid, startTime] of watched) {
    if (!isRunning(pid, startTime)) {
      continue;
    }
    try {
      // Each watched process leads its own group: with it go the processes that it started.
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It ended in between.
    }
  }
  process.exit(0);
});
