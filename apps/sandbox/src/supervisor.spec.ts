import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { processStartTime } from './process-identity.ts';
import { Supervisor } from './supervisor.ts';

/** A process that runs a script of Node, and says so in its log when it has begun. */
const script = (code: string) => ({
  command: process.execPath,
  args: ['-e', `${code}; console.log('begun'); setInterval(() => {}, 1000)`],
  env: {},
  cwd: '/',
});

describe('supervised processes', () => {
  let folder = '';
  let supervisor: Supervisor;

  beforeEach(() => {
    folder = mkdtempSync(`${tmpdir()}/weir-supervisor-`);
    supervisor = new Supervisor(folder);
  });
  afterEach(async () => {
    await supervisor.close();
    rmSync(folder, { recursive: true });
  });

  const begun = async (code: string) => {
    const process = supervisor.start('it', script(code));
    while (!process.logTail(1).includes('begun') && process.ended === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return process;
  };

  it('end when they are asked to', async () => {
    const process = await begun('');
    await process.stop(10_000);
    expect(process.ended).toBe('SIGTERM');
  });

  it('are killed when they do not', async () => {
    const process = await begun("process.on('SIGTERM', () => {})");
    await process.stop(100);
    expect(process.ended).toBe('SIGKILL');
  });

  it('take those with them that they started themselves', async () => {
    const process = await begun(
      "console.log(require('child_process').spawn('sleep', ['600'], { stdio: 'ignore' }).pid)",
    );
    const grandchild = Number(process.logTail(2).split('\n')[0]);
    await process.stop(1000);
    expect(processStartTime(grandchild)).toBeUndefined();
  });

  it('tell how they ended by themselves, and what they logged last', async () => {
    const process = await begun("console.log('one'); console.log('two'); process.exit(3)");
    expect([await process.end, process.logTail(1)]).toEqual(['exit code 3', 'two']);
  });

  it('cannot be started from a command that is not there', () => {
    expect(() => supervisor.start('it', { ...script(''), command: '/nowhere/it' })).toThrow(
      'it cannot be started: /nowhere/it is missing or not executable',
    );
  });
});
