import { type Ports } from './ports.ts';
import { type CommandLine } from './supervisor.ts';

/** A process of the sandbox, as it is called in `sandbox.json` and in the names of the logs. */
export type ProcessName = Exclude<keyof SandboxInfo['pids'], 'sandbox'>;

/** What `sandbox.json` in the state folder says while the sandbox is up. */
export interface SandboxInfo {
  /** Base URL of the REST API, without a slash at the end. */
  readonly apiUrl: string;
  /** Base URL of the first instance of the local gateway, for traffic; absent when there is none. */
  readonly gatewayUrl?: string;
  /** The same of each instance. */
  readonly gatewayUrls: readonly string[];
  /** Base URLs of the instances' diagnostics, metrics and settings, in the same order. */
  readonly diagnosticsUrls: readonly string[];
  /** Path of a kubeconfig with all rights. */
  readonly kubeconfig: string;
  /** host:port */
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  readonly temporalUiUrl: string;
  /** The processes that were started; one that has ended since keeps its pid here. */
  readonly pids: Readonly<
    Record<
      'sandbox' | 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'kwok' | 'temporal',
      number
    >
  > & { readonly worker?: number; readonly api?: number; readonly gateway?: number };
  /** The variables with which a worker or an API that is started by hand joins. */
  readonly env: Readonly<Record<string, string>>;
  /** How each process was started, so that one that was killed can be started again on the same data. */
  readonly commands: Readonly<Partial<Record<ProcessName, CommandLine>>>;
}

export interface SandboxOptions {
  /** The folder that keeps everything; made when it is missing. */
  readonly state: string;
  /** Whether to start Weir's worker; default true. */
  readonly worker?: boolean;
  /** Whether to start Weir's API; default true. */
  readonly api?: boolean;
  /** How many instances of the local gateway to start; default 2. */
  readonly gateways?: number;
  /** Ports to use; the others are free ones, and stay the same for this folder. */
  readonly ports?: Partial<Ports>;
  /** Takes one line for whoever waits: a long build, a process that ended. */
  readonly report?: (line: string) => void;
  /** Ends a start that is under way. */
  readonly signal?: AbortSignal;
}

export interface Sandbox {
  readonly info: SandboxInfo;
  /**
   * Stops everything, the last started first, and kills what does not end in time. A second call waits for the first.
   *
   * @param quickly - for when nobody waits any more: about a second in all.
   */
  stop(quickly?: boolean): Promise<void>;
}
