/** A program, and how it is built from the Go module in `tools/<module>`. */
export interface Build {
  /** Of the binary. */
  readonly name: string;
  /** The folder under `tools/` whose go.mod pins it. */
  readonly module: string;
  readonly package: string;
  /** The environment variable that names a ready binary to use instead. */
  readonly variable: string;
  readonly linkerFlags: string;
}

/** A server that the sandbox runs. */
export interface ServerBuild extends Build {
  readonly name: ServerName;
}

export type ServerName = (typeof SERVER_NAMES)[number];

export const SERVER_NAMES = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kwok',
  'temporal',
] as const;

/** Smaller binaries, faster links; a stack trace still names functions and lines. */
const STRIP = '-s -w';

/** The controller of Argo Rollouts, for a test that runs it in the cluster of a sandbox; the sandbox itself has no use for it. */
export const PEER_BUILD: Build = {
  name: 'rollouts-controller',
  module: 'argo-rollouts',
  package: 'github.com/argoproj/argo-rollouts/cmd/rollouts-controller',
  variable: 'ROLLOUTS_CONTROLLER',
  linkerFlags: STRIP,
};

/**
 * Linker flags of the Kubernetes binaries: without them they take themselves for v0.0.0 and refuse to start.
 *
 * @param goMod - the text of `tools/kubernetes/go.mod`, the one place that pins the version.
 * @throws when it requires no version of k8s.io/kubernetes.
 */
export function kubernetesLinkerFlags(goMod: string): string {
  const found = /^\s*(?:require\s+)?k8s\.io\/kubernetes v((\d+)\.(\d+)\.\S+)/m.exec(goMod);
  if (!found) {
    throw new Error('tools/kubernetes/go.mod requires no version of k8s.io/kubernetes');
  }
  const [, version, major, minor] = found;
  const variable = (name: string, value: string) => `-X k8s.io/component-base/version.${name}=${value}`;
  return [
    STRIP,
    variable('gitVersion', `v${version}`),
    variable('gitMajor', major ?? ''),
    variable('gitMinor', minor ?? ''),
  ].join(' ');
}

/** What to build, in the order in which it is shown. */
export function serverBuilds(kubernetesGoMod: string): readonly ServerBuild[] {
  const kubernetes = { module: 'kubernetes', linkerFlags: kubernetesLinkerFlags(kubernetesGoMod) };
  return [
    {
      name: 'etcd',
      module: 'etcd',
      package: 'go.etcd.io/etcd/server/v3',
      variable: 'WEIR_ETCD',
      linkerFlags: STRIP,
    },
    {
      ...kubernetes,
      name: 'kube-apiserver',
      package: 'k8s.io/kubernetes/cmd/kube-apiserver',
      variable: 'WEIR_KUBE_APISERVER',
    },
    {
      ...kubernetes,
      name: 'kube-controller-manager',
      package: 'k8s.io/kubernetes/cmd/kube-controller-manager',
      variable: 'WEIR_KUBE_CONTROLLER_MANAGER',
    },
    {
      ...kubernetes,
      name: 'kube-scheduler',
      package: 'k8s.io/kubernetes/cmd/kube-scheduler',
      variable: 'WEIR_KUBE_SCHEDULER',
    },
    {
      name: 'kwok',
      module: 'kwok',
      package: 'sigs.k8s.io/kwok/cmd/kwok',
      variable: 'WEIR_KWOK',
      linkerFlags: STRIP,
    },
    {
      name: 'temporal',
      module: 'temporal',
      package: 'github.com/temporalio/cli/cmd/temporal',
      variable: 'WEIR_TEMPORAL',
      linkerFlags: STRIP,
    },
  ];
}
