import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { isRunning, processStartTime } from './process-identity.ts';

/** Who holds a lock: a process, named so that a later process with the same pid is not taken for it. */
interface Holder {
  readonly pid: number;
  readonly startTime: string;
}

/** A held lock. It ends with {@link FileLock.release}, or with the process. */
export interface FileLock {
  release(): void;
}

/**
 * Takes the lock at `path`, or answers the pid of the running process that holds it. A lock whose holder is gone (a
 * crash, `kill -9`, a reboot) is taken over.
 *
 * @throws when the folder of `path` is missing or not writable.
 */
export function tryLock(path: string): FileLock | { readonly heldBy: number } {
  const own: Holder = { pid: process.pid, startTime: processStartTime(process.pid) ?? '' };
  const draft = `${path}.${process.pid}.${randomUUID()}`;
  writeFileSync(draft, JSON.stringify(own), { mode: 0o600 });
  try {
    for (;;) {
      if (linked(draft, path)) {
        return { release: () => rmSync(path, { force: true }) };
      }
      const holder = readHolder(path);
      if (holder && isRunning(holder.pid, holder.startTime)) {
        return { heldBy: holder.pid };
      }
      removeStale(path, holder);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/** A hard link appears with its content or not at all, and only one process can make it. */
function linked(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      return false;
    }
    throw error;
  }
}

/** Moves the lock aside before it is removed: another process may have replaced the stale one in between. */
function removeStale(path: string, stale: Holder | undefined): void {
  const aside = `${path}.stale.${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const moved = readHolder(aside);
  if (moved && moved.pid !== stale?.pid && isRunning(moved.pid, moved.startTime)) {
    linked(aside, path);
  }
  rmSync(aside, { force: true });
}

function readHolder(path: string): Holder | undefined {
  try {
    const { pid, startTime } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Holder>;
    return pid !== undefined && startTime !== undefined ? { pid, startTime } : undefined;
  } catch {
    return undefined;
  }
}
