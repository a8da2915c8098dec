import { join } from 'node:path';
import type { Pki } from './pki.ts';
import { gatewayArguments, type InstancePorts } from './gateway/arguments.ts';
import { gatewayPortNames, type Ports } from './ports.ts';
import type { ServerPaths } from './servers/index.ts';
import type { CommandLine } from './supervisor.ts';

/** The Temporal namespace of every sandbox. */
export const TEMPORAL_NAMESPACE = 'weir';
export const TASK_QUEUE = 'weir';

/** What the runs of rollouts are found by in Temporal. */
export const SEARCH_ATTRIBUTES = {
  RolloutNamespace: 'Keyword',
  RolloutName: 'Keyword',
  RolloutPhase: 'Keyword',
  RolloutRevision: 'Keyword',
  RolloutStep: 'Int',
  RolloutWeight: 'Int',
} as const;

/**
 * The dev server waits for batches that a single user never fills: about 110 ms an activity, and no timer under 1 s.
 * These bring an activity to about 30 ms.
 */
const LOW_LATENCY = {
  'history.transferProcessorMaxPollRPS': '1000',
  'history.timerProcessorMaxPollRPS': '1000',
  'history.timerProcessorMaxTimeShift': '"10ms"',
  'system.enableActivityEagerExecution': 'true',
} as const;

/** Only what workloads, their Services, their PodDisruptionBudgets and a deletion need: each costs memory and start time. */
const CONTROLLERS = [
  'deployment-controller',
  'replicaset-controller',
  'endpointslice-controller',
  'garbage-collector-controller',
  'namespace-controller',
  'disruption-controller',
];

/** By default 20 a second for all controllers together: 50 pods took 3 s, and tests that run side by side wait for each other. */
const UNTHROTTLED = { 'kube-api-qps': '1000', 'kube-api-burst': '2000' } as const;

/** Where things are in one sandbox. */
export interface Layout {
  readonly state: string;
  readonly binaries: ServerPaths;
  readonly ports: Ports;
  /** Number of gateway instances. */
  readonly gateways: number;
  readonly pki: Pki;
  /** Paths of the kubeconfigs, by user. */
  readonly kubeconfigs: Readonly<Record<keyof Pki['users'], string>>;
  /** The root of the checkout, where the worker and the API are. */
  readonly repository: string;
}

/** `127.0.0.1`, always: nothing of a sandbox can be reached from another machine. */
export const HOST = '127.0.0.1';

export function etcdCommand({ binaries, state, ports, pki }: Layout): CommandLine {
  const client = `https://${HOST}:${ports.etcd}`;
  const peer = `https://${HOST}:${ports.etcdPeer}`;
  return inState(state, binaries.etcd, {
    name: 'weir',
    'data-dir': join(state, 'etcd'),
    'listen-client-urls': client,
    'advertise-client-urls': client,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': `weir=${peer}`,
    'client-cert-auth': 'true',
    'trusted-ca-file': pki.etcdCa,
    'cert-file': pki.etcd.certificate,
    'key-file': pki.etcd.key,
    'peer-client-cert-auth': 'true',
    'peer-trusted-ca-file': pki.etcdCa,
    'peer-cert-file': pki.etcd.certificate,
    'peer-key-file': pki.etcd.key,
    'log-level': 'warn',
  });
}

export function apiserverCommand({ binaries, state, ports, pki }: Layout): CommandLine {
  return inState(state, binaries['kube-apiserver'], {
    'etcd-servers': `https://${HOST}:${ports.etcd}`,
    'etcd-cafile': pki.etcdCa,
    'etcd-certfile': pki.etcdClient.certificate,
    'etcd-keyfile': pki.etcdClient.key,
    'bind-address': HOST,
    'secure-port': String(ports.kubernetes),
    // Looked up from the routes of the machine otherwise, which fails without a network.
    'advertise-address': HOST,
    // It would publish the advertised address as the Service `kubernetes`, and refuses to for a loopback one.
    'endpoint-reconciler-type': 'none',
    'tls-cert-file': pki.kubernetes.certificate,
    'tls-private-key-file': pki.kubernetes.key,
    'client-ca-file': pki.kubernetesCa,
    'anonymous-auth': 'false',
    'authorization-mode': 'RBAC',
    'service-account-issuer': 'https://kubernetes.default.svc',
    'service-account-key-file': pki.serviceAccounts.publicKey,
    'service-account-signing-key-file': pki.serviceAccounts.key,
    // Each rollout has two Services, and a /24 is full after 254.
    'service-cluster-ip-range': '10.96.0.0/16',
    // No controller makes service accounts here, and without one no pod would be admitted; and none takes off the taint
    // that a new node gets until it is ready, so no pod would be scheduled.
    'disable-admission-plugins': 'ServiceAccount,TaintNodesByCondition',
    'shutdown-delay-duration': '0s',
  });
}

export function controllerManagerCommand({ binaries, state, ports, pki, kubeconfigs }: Layout): CommandLine {
  return inState(state, binaries['kube-controller-manager'], {
    kubeconfig: kubeconfigs['kube-controller-manager'],
    controllers: CONTROLLERS.join(','),
    ...UNTHROTTLED,
    'leader-elect': 'false',
    'bind-address': HOST,
    'secure-port': String(ports.controllerManager),
    'tls-cert-file': pki.kubernetes.certificate,
    'tls-private-key-file': pki.kubernetes.key,
  });
}

export function schedulerCommand({ binaries, state, ports, pki, kubeconfigs }: Layout): CommandLine {
  return inState(state, binaries['kube-scheduler'], {
    kubeconfig: kubeconfigs['kube-scheduler'],
    ...UNTHROTTLED,
    'leader-elect': 'false',
    'bind-address': HOST,
    'secure-port': String(ports.scheduler),
    'tls-cert-file': pki.kubernetes.certificate,
    'tls-private-key-file': pki.kubernetes.key,
  });
}

export function kwokCommand({ binaries, state, ports, kubeconfigs }: Layout): CommandLine {
  return inState(state, binaries.kwok, {
    kubeconfig: kubeconfigs.kwok,
    // A file of its own: the default one is in the user's home folder.
    config: join(state, 'kwok.yaml'),
    'server-address': `${HOST}:${ports.kwok}`,
    'manage-nodes-with-annotation-selector': 'kwok.x-k8s.io/node=fake',
  });
}

export function temporalCommand({ binaries, state, ports }: Layout): CommandLine {
  return {
    command: binaries.temporal,
    args: [
      ...['server', 'start-dev', '--ip', HOST, '--ui-ip', HOST],
      ...['--port', String(ports.temporal), '--ui-port', String(ports.temporalUi)],
      ...['--http-port', String(ports.temporalHttp), '--metrics-port', String(ports.temporalMetrics)],
      ...['--db-filename', join(state, 'temporal.db'), '--namespace', TEMPORAL_NAMESPACE],
      ...Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
      ...Object.entries(LOW_LATENCY).flatMap(([key, value]) => ['--dynamic-config-value', `${key}=${value}`]),
    ],
    env: {},
    cwd: state,
  };
}

export function workerCommand(layout: Layout): CommandLine {
  return nodeCommand(layout, 'worker', {
    ...joinEnvironment(layout, layout.kubeconfigs.worker),
    WEIR_WORKER_HEALTH_PORT: String(layout.ports.worker),
  });
}

export function apiCommand(layout: Layout): CommandLine {
  return nodeCommand(layout, 'api', joinEnvironment(layout, layout.kubeconfigs.api));
}

export function gatewayCommand(layout: Layout): CommandLine {
  return {
    command: process.execPath,
    args: [join(layout.repository, 'apps/sandbox/dist/gateway/main.js'), ...gatewayArguments(gatewayPorts(layout))],
    env: { KUBECONFIG: layout.kubeconfigs.gateway, WEIR_LOG_LEVEL: process.env['WEIR_LOG_LEVEL'] ?? 'info' },
    cwd: layout.repository,
  };
}

/** Base URLs of the gateway instances, in their order. */
export function gatewayUrls(layout: Layout): { readonly traffic: string[]; readonly diagnostics: string[] } {
  const ports = gatewayPorts(layout);
  return {
    traffic: ports.map(({ traffic }) => `http://${HOST}:${traffic}`),
    diagnostics: ports.map(({ diagnostics }) => `http://${HOST}:${diagnostics}`),
  };
}

function gatewayPorts({ gateways, ports }: Layout): InstancePorts[] {
  return gatewayPortNames(gateways).map(([traffic, diagnostics]) => ({
    traffic: ports[traffic] ?? 0,
    diagnostics: ports[diagnostics] ?? 0,
  }));
}

/** The variables with which a worker or an API joins the sandbox. */
export function joinEnvironment(layout: Layout, kubeconfig: string): Record<string, string> {
  const { ports, gateways } = layout;
  return {
    KUBECONFIG: kubeconfig,
    TEMPORAL_ADDRESS: `${HOST}:${ports.temporal}`,
    TEMPORAL_NAMESPACE,
    WEIR_TASK_QUEUE: TASK_QUEUE,
    WEIR_TEMPORAL_UI_URL: `http://${HOST}:${ports.temporalUi}`,
    WEIR_API_HOST: HOST,
    WEIR_API_PORT: String(ports.api),
    // Any free port: one of the sandbox's own belongs to its own worker.
    WEIR_WORKER_HEALTH_PORT: '0',
    ...(gateways > 0 && { WEIR_GATEWAY_DIAGNOSTICS_URLS: gatewayUrls(layout).diagnostics.join(',') }),
    WEIR_LOG_LEVEL: process.env['WEIR_LOG_LEVEL'] ?? 'info',
  };
}

function nodeCommand({ repository }: Layout, app: 'worker' | 'api', env: Record<string, string>): CommandLine {
  return { command: process.execPath, args: [join(repository, `apps/${app}/dist/main.js`)], env, cwd: repository };
}

function inState(state: string, command: string, flags: Readonly<Record<string, string>>): CommandLine {
  return { command, args: Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`), env: {}, cwd: state };
}
