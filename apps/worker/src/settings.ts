import { refuseUnknownMappingApi } from '@weir/mapping';
import { commonSettings, readSettings, settings } from '@weir/platform';
import { z } from 'zod';

const [urlsName, serviceName] = ['WEIR_GATEWAY_DIAGNOSTICS_URLS', 'WEIR_GATEWAY_DIAGNOSTICS_SERVICE'] as const;

/** Environment of the worker. */
export const workerSettings = {
  ...commonSettings,
  /** Health endpoints, on loopback. 0: any free port, named in the log. */
  WEIR_WORKER_HEALTH_PORT: settings.port(0),
  /** Loopback unless a probe must reach it from outside a container. */
  WEIR_WORKER_HEALTH_HOST: settings.text,
  /** Base URL of each instance of the gateway, with commas between: `http://10.0.0.1:8877,http://10.0.0.2:8877`. */
  [urlsName]: settings.text.transform((text, context) =>
    diagnosticsUrls(text, (message) => complain(context, message)),
  ),
  /** `namespace/name:port` of a Service of which every ready endpoint is an instance of the gateway. */
  [serviceName]: settings.text.transform((text, context) =>
    diagnosticsService(text, (message) => complain(context, message)),
  ),
};

export type WorkerSettings = ReturnType<typeof readWorkerSettings>;

/** A Service by name, and its port by number. */
export interface ServicePort {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

/**
 * @param environment - default: that of the process
 * @throws Error that names every bad variable, and what would be right
 */
export function readWorkerSettings(environment?: Readonly<Record<string, string | undefined>>) {
  const read = readSettings(workerSettings, environment);
  refuseUnknownMappingApi(read.WEIR_MAPPING_API_VERSION);
  if (read[urlsName] !== undefined && read[serviceName] !== undefined) {
    throw new Error(`bad environment: ${urlsName} and ${serviceName} are both set; set the one or the other`);
  }
  return read;
}

type Complain = (message: string) => typeof z.NEVER;

function complain(context: z.RefinementCtx, message: string): typeof z.NEVER {
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}

function diagnosticsUrls(text: string | undefined, wrong: Complain): readonly string[] | undefined {
  if (text === undefined) {
    return undefined;
  }
  const urls = text.split(',').map((one) => one.trim());
  const bad = urls.find((one) => !isBaseUrl(one));
  return bad === undefined
    ? // The path of the diagnostics is put behind each.
      [...new Set(urls.map((one) => one.replace(/\/+$/, '')))]
    : wrong(
        `has ${JSON.stringify(bad)}; it must be absolute http or https URLs without query, credentials or fragment, with commas between: http://10.0.0.1:8877,http://10.0.0.2:8877`,
      );
}

function isBaseUrl(text: string): boolean {
  if (!URL.canParse(text)) {
    return false;
  }
  const { protocol, search, hash, username, password } = new URL(text);
  const isHttp = protocol === 'http:' || protocol === 'https:';
  return isHttp && [search, hash, username, password].every((part) => part === '') && !/[?#]$/.test(text);
}

/** Names of Kubernetes: a namespace is a DNS label, and so is a Service. */
const SERVICE_PORT =
  /^(?<namespace>[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)\/(?<name>[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?):(?<port>\d{1,5})$/;

function diagnosticsService(text: string | undefined, wrong: Complain): ServicePort | undefined {
  if (text === undefined) {
    return undefined;
  }
  const { namespace, name, port } = SERVICE_PORT.exec(text)?.groups ?? {};
  const number = Number(port);
  return namespace !== undefined && name !== undefined && number >= 1 && number <= 65_535
    ? { namespace, name, port: number }
    : wrong(`is ${JSON.stringify(text)}; it must be namespace/name:port, such as emissary/emissary-ingress-admin:8877`);
}
