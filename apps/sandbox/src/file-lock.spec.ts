import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { tryLock } from './file-lock.ts';

describe('a lock in a file', () => {
  let folder = '';
  let path = '';

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'weir-lock-'));
    path = join(folder, 'it.lock');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is held by one, and the next is told by whom', () => {
    expect(tryLock(path)).toHaveProperty('release');
    expect(tryLock(path)).toEqual({ heldBy: process.pid });
  });

  it('is free again after its release, and leaves nothing behind', () => {
    const lock = tryLock(path);
    expect('release' in lock && lock.release()).toBeUndefined();
    expect(readdirSync(folder)).toEqual([]);
    expect(tryLock(path)).toHaveProperty('release');
  });

  it.each([
    ['a process that is gone', JSON.stringify({ pid: 0x7fff_fffe, startTime: '1' })],
    ['a process whose pid another one has now', JSON.stringify({ pid: process.pid, startTime: 'earlier' })],
    ['a crash that left half a file', '{"pid":'],
  ])('is taken over from %s', (_, content) => {
    writeFileSync(path, content);
    expect(tryLock(path)).toHaveProperty('release');
    expect(readdirSync(folder)).toEqual(['it.lock']);
  });
});
