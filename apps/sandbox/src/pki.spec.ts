import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Pki, ensurePki } from './pki.ts';

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;
const read = (file: string) => new X509Certificate(readFileSync(file));

describe('the certificates of a sandbox', () => {
  let folder = '';
  let pki: Pki;

  beforeEach(async () => {
    folder = join(mkdtempSync(join(tmpdir(), 'weir-pki-')), 'pki');
    pki = await ensurePki(folder);
  });
  afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

  it('prove servers on this machine only', () => {
    const server = read(pki.kubernetes.certificate);
    expect(server.verify(read(pki.kubernetesCa).publicKey)).toBe(true);
    expect([server.checkIP('127.0.0.1'), server.checkHost('localhost')]).toEqual(['127.0.0.1', 'localhost']);
    expect(server.checkHost('weir.example.com')).toBeUndefined();
  });

  it('name each user', () => {
    expect(read(pki.users.worker.certificate).subject).toBe('CN=weir-worker');
    expect(read(pki.users.admin.certificate).subject.split('\n').sort()).toEqual(['CN=weir-admin', 'O=system:masters']);
  });

  it('do not let a user of the Kubernetes API into its database', () => {
    const worker = read(pki.users.worker.certificate);
    expect(worker.verify(read(pki.kubernetesCa).publicKey)).toBe(true);
    expect(worker.verify(read(pki.etcdCa).publicKey)).toBe(false);
  });

  it('are for their owner alone', () => {
    expect([statSync(folder).mode & 0o777, statSync(pki.users.admin.key).mode & 0o777]).toEqual([0o700, 0o600]);
  });

  it('are used again by the next start', async () => {
    const before = readFileSync(pki.kubernetesCa, 'utf8');
    await ensurePki(folder);
    expect(readFileSync(pki.kubernetesCa, 'utf8')).toBe(before);
  });

  it('are made anew before they run out, and the key of service accounts stays', async () => {
    const [ca, accounts] = [pki.kubernetesCa, pki.serviceAccounts.key].map((file) => readFileSync(file, 'utf8'));
    await ensurePki(folder, new Date(Date.now() + YEAR_MS - 24 * 60 * 60 * 1000));
    expect(readFileSync(pki.kubernetesCa, 'utf8')).not.toBe(ca);
    expect(readFileSync(pki.serviceAccounts.key, 'utf8')).toBe(accounts);
  });

  it('are made anew when one is missing', async () => {
    rmSync(pki.users.api.key);
    await ensurePki(folder);
    expect(statSync(pki.users.api.key).isFile()).toBe(true);
  });
});
