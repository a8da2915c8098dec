import { spawnSync } from 'node:child_process';

// The go.mod files under tools say `go 1.26`.
const MINIMUM = { major: 1, minor: 26 };

/** Both ways out, for whoever reads the error. */
const WAYS_OUT =
  'Install Go 1.26 or newer (https://go.dev/dl) and put it on the PATH, or name ready binaries with ' +
  'WEIR_ETCD, WEIR_KUBE_APISERVER, WEIR_KUBE_CONTROLLER_MANAGER, WEIR_KUBE_SCHEDULER, WEIR_KWOK and WEIR_TEMPORAL.';

/**
 * @param folder - a folder with a go.mod, so that Go may switch to the toolchain that it asks for.
 * @throws when Go is missing or too old; the message says what to do.
 */
export function requireGo(folder: string): void {
  const { error, status, stdout, stderr } = spawnSync('go', ['env', 'GOVERSION'], { cwd: folder, encoding: 'utf8' });
  if (error) {
    throw new Error(`Go is needed to build the sandbox's servers, and 'go' is not on the PATH. ${WAYS_OUT}`);
  }
  if (status !== 0) {
    throw new Error(`Go cannot build the sandbox's servers: ${stderr.trim()}. ${WAYS_OUT}`);
  }
  const version = stdout.trim();
  if (!isNewEnough(version)) {
    throw new Error(`Go is ${version}, and the sandbox's servers need go1.26 or newer. ${WAYS_OUT}`);
  }
}

/** Whether a version as `go env GOVERSION` prints it (`go1.26.8`, `go1.27rc1`, `devel …`) can build the servers. */
export function isNewEnough(version: string): boolean {
  const found = /^go(\d+)\.(\d+)/.exec(version);
  // A development build names no release; whoever uses one knows what it can do.
  if (!found) {
    return version.startsWith('devel');
  }
  const [major, minor] = [Number(found[1]), Number(found[2])];
  return major > MINIMUM.major || (major === MINIMUM.major && minor >= MINIMUM.minor);
}
