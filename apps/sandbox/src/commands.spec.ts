import { describe, expect, it } from '@jest/globals';
import {
  type Layout,
  apiCommand,
  apiserverCommand,
  controllerManagerCommand,
  etcdCommand,
  gatewayCommand,
  gatewayUrls,
  joinEnvironment,
  kwokCommand,
  schedulerCommand,
  temporalCommand,
  workerCommand,
} from './commands.ts';
import { PORT_NAMES, type Ports } from './ports.ts';

const pair = (name: string) => ({ certificate: `/s/pki/${name}.crt`, key: `/s/pki/${name}.key` });
const users = [
  'admin',
  'kube-controller-manager',
  'kube-scheduler',
  'kwok',
  'worker',
  'api',
  'gateway',
  'byhand',
] as const;
const binaries = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok', 'temporal'] as const;
const record = <K extends string, V>(keys: readonly K[], value: (key: K, index: number) => V) =>
  Object.fromEntries(keys.map((key, index) => [key, value(key, index)])) as Record<K, V>;

const layout: Layout = {
  state: '/s',
  repository: '/weir',
  binaries: record(binaries, (name) => `/bin/${name}`),
  ports: {
    ...record(PORT_NAMES, (_, index) => 20_001 + index),
    ...{ gateway1: 21_001, gateway1Diagnostics: 21_002, gateway2: 21_003, gateway2Diagnostics: 21_004 },
  } satisfies Ports,
  gateways: 2,
  pki: {
    etcdCa: '/s/pki/etcd-ca.crt',
    etcd: pair('etcd'),
    etcdClient: pair('etcd-client'),
    kubernetesCa: '/s/pki/kubernetes-ca.crt',
    kubernetes: pair('kubernetes'),
    users: record(users, (name) => pair(`user-${name}`)),
    serviceAccounts: { publicKey: '/s/pki/sa.pub', key: '/s/pki/sa.key' },
  },
  kubeconfigs: record(users, (name) => `/s/kubeconfig/${name}.json`),
};

const servers = [
  ['etcd', etcdCommand(layout)],
  ['kube-apiserver', apiserverCommand(layout)],
  ['kube-controller-manager', controllerManagerCommand(layout)],
  ['kube-scheduler', schedulerCommand(layout)],
  ['kwok', kwokCommand(layout)],
  ['temporal', temporalCommand(layout)],
] as const;

describe('the commands of the servers', () => {
  it.each(servers)('%s runs in the state folder', (name, { command, cwd }) => {
    expect([command, cwd]).toEqual([`/bin/${name}`, '/s']);
  });

  it.each(servers)('%s listens on loopback only', (_, { args }) => {
    const line = args.join(' ');
    expect(line).toContain('127.0.0.1');
    expect(line).not.toMatch(/0\.0\.0\.0|localhost|\[::/);
  });

  it('etcd takes no client without a certificate', () => {
    expect(etcdCommand(layout).args).toEqual(
      expect.arrayContaining(['--client-cert-auth=true', '--trusted-ca-file=/s/pki/etcd-ca.crt']),
    );
  });

  it('the Kubernetes API takes nobody without a name and checks rights', () => {
    expect(apiserverCommand(layout).args).toEqual(
      expect.arrayContaining(['--anonymous-auth=false', '--authorization-mode=RBAC']),
    );
  });

  it('Temporal keeps its database in the state folder and knows the search attributes', () => {
    const line = temporalCommand(layout).args.join(' ');
    expect(line).toContain('--db-filename /s/temporal.db');
    expect(line).toContain('--search-attribute RolloutStep=Int');
  });
});

describe('how worker and API join', () => {
  it('each by its own rights', () => {
    expect(workerCommand(layout).env['KUBECONFIG']).toBe('/s/kubeconfig/worker.json');
    expect(apiCommand(layout).env['KUBECONFIG']).toBe('/s/kubeconfig/api.json');
  });

  it('the ones of the sandbox on ports that it has chosen', () => {
    expect(workerCommand(layout).env['WEIR_WORKER_HEALTH_PORT']).toBe(String(layout.ports.worker));
    expect(apiCommand(layout).env['WEIR_API_PORT']).toBe(String(layout.ports.api));
  });

  it('one that is started by hand asks for any health port, so that it can run beside', () => {
    expect(joinEnvironment(layout, '/k')).toMatchObject({ KUBECONFIG: '/k', WEIR_WORKER_HEALTH_PORT: '0' });
  });

  it('with the diagnostics of each gateway instance, and without when there is none', () => {
    const { env } = workerCommand(layout);
    expect(env['WEIR_GATEWAY_DIAGNOSTICS_URLS']).toBe('http://127.0.0.1:21002,http://127.0.0.1:21004');
    expect(joinEnvironment({ ...layout, gateways: 0 }, '/k')).not.toHaveProperty('WEIR_GATEWAY_DIAGNOSTICS_URLS');
  });

  it('the API on loopback only', () => {
    expect(apiCommand(layout).env['WEIR_API_HOST']).toBe('127.0.0.1');
  });
});

describe('the command of the gateway', () => {
  it('names the ports of each instance, and joins by its own rights', () => {
    const { args, env } = gatewayCommand(layout);
    expect(args.slice(1)).toEqual(['--instance=21001/21002', '--instance=21003/21004']);
    expect(env['KUBECONFIG']).toBe('/s/kubeconfig/gateway.json');
    expect(gatewayUrls(layout).traffic).toEqual(['http://127.0.0.1:21001', 'http://127.0.0.1:21003']);
  });
});
