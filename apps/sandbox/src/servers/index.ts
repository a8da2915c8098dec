import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../repository.ts';
import { type BuildOptions, ensureBuilt } from './build.ts';
import { PEER_BUILD, SERVER_NAMES, type ServerName, serverBuilds } from './catalog.ts';

/** Where each server's binary is. */
export type ServerPaths = Readonly<Record<ServerName, string>>;

export type EnsureServersOptions = BuildOptions;

/**
 * The binaries of all servers: those that environment variables name, and the others built where they are missing.
 *
 * @throws as {@link ensureBuilt}.
 */
export async function ensureServers(options: EnsureServersOptions = {}): Promise<ServerPaths> {
  const builds = serverBuilds(readFileSync(join(REPOSITORY, 'tools/kubernetes/go.mod'), 'utf8'));
  const what = (missing: number) =>
    `${missing} of the sandbox's ${SERVER_NAMES.length} servers from source, once: seconds with a warm Go cache, about ` +
    '15 minutes with a cold one';
  const paths = await ensureBuilt(builds, what, options);
  return Object.fromEntries(builds.map(({ name }, index) => [name, paths[index] ?? ''])) as Record<ServerName, string>;
}

/**
 * The binary of Argo Rollouts' controller.
 *
 * @throws as {@link ensureBuilt}.
 */
export async function ensurePeer(options: BuildOptions = {}): Promise<string> {
  const what = () => "Argo Rollouts' controller from source, once: about 5 minutes with a cold Go cache";
  const [path = ''] = await ensureBuilt([PEER_BUILD], what, options);
  return path;
}
