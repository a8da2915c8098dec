import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 300;
/** Nobody is told of a wait that is over at once. */
const ANNOUNCE_AFTER_MS = 2000;

/** Runs `action` while no other process runs one under the same lock file; a lock whose holder has died is taken over. */
export async function withLock(path, doing, action) {
  const draft = `${path}.${process.pid}`;
  const announceAt = Date.now() + ANNOUNCE_AFTER_MS;
  let announced = false;
  writeFileSync(draft, `${process.pid} ${startTime(process.pid)}`);
  try {
    while (!linked(draft, path)) {
      const [pid, started] = holder(path);
      if (pid !== undefined && startTime(pid) !== started) rmSync(path, { force: true });
      else await delay(POLL_MS);
      if (!announced && Date.now() > announceAt) {
        announced = true;
        process.stdout.write(`waiting for process ${pid}, which is ${doing}\n`);
      }
    }
  } finally {
    rmSync(draft, { force: true });
  }
  try {
    return await action();
  } finally {
    rmSync(path, { force: true });
  }
}

/** A hard link appears with its content or not at all, and only one process can make it. */
function linked(draft, path) {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function holder(path) {
  try {
    const [pid, started] = readFileSync(path, 'utf8').split(' ');
    return [Number(pid), started];
  } catch {
    return [];
  }
}

/** Tells a process from a later one with the same pid where the system says when it began; '' when there is none. */
function startTime(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code === 'ESRCH') return '';
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return 'running';
  }
}
