import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HOST } from './commands.ts';
import { renderKubeconfig } from './kubeconfig.ts';
import { type Pki, USERS, type UserName } from './pki.ts';
import { type Ports } from './ports.ts';

/** Writes a kubeconfig for each user; answers their paths. */
export function writeKubeconfigs(state: string, pki: Pki, ports: Ports): Record<UserName, string> {
  const server = `https://${HOST}:${ports.kubernetes}`;
  const folder = join(state, 'kubeconfig');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const paths = Object.keys(USERS).map((key) => {
    const name = key as UserName;
    const path = join(folder, `${name}.json`);
    writeFileSync(path, renderKubeconfig(server, pki.kubernetesCa, USERS[name].user, pki.users[name]), { mode: 0o600 });
    return [name, path] as const;
  });
  return Object.fromEntries(paths) as Record<UserName, string>;
}

/** The ports that the sandbox of this folder had last. */
export function readPorts(path: string): Partial<Ports> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Partial<Ports>;
  } catch {
    // The first start in this folder, or one that was cut off: any ports will do.
    return {};
  }
}

/** Whoever reads the file meanwhile sees the old one or the new one, never half of it. */
export function writeWhole(path: string, content: unknown): void {
  const draft = `${path}.${process.pid}.part`;
  writeFileSync(draft, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(draft, path);
}
