export { KWOK_ANNOTATIONS } from './kwok-stages.ts';
export { startSandbox } from './sandbox.ts';
export type { ProcessName, Sandbox, SandboxInfo, SandboxOptions } from './sandbox-info.ts';
export { ensureServers } from './servers/index.ts';
export type { EnsureServersOptions, ServerPaths } from './servers/index.ts';
export type { ServerName } from './servers/catalog.ts';
export type { CommandLine } from './supervisor.ts';
