/** The parts of a Mapping's `service`: `[scheme://]name[.namespace[.svc.cluster.local]][:port]` (facts/mapping.md 5). */
export interface MappingService {
  /** With `://`, or empty. */
  readonly scheme: string;
  readonly host: string;
  /** The first label of the host: the Service's name. */
  readonly name: string;
  /** The second label of the host; undefined: the Mapping's own namespace. */
  readonly namespace?: string;
  /** With its colon, or empty. */
  readonly port: string;
}

const SERVICE = /^(?<scheme>[A-Za-z][A-Za-z0-9+.-]*:\/\/)?(?<host>[^:/\s]+)(?<port>:\d+)?$/;

/** @returns undefined for a text that is no such service: a path, a space, an IPv6 address */
export function parseService(service: string): MappingService | undefined {
  const groups = SERVICE.exec(service)?.groups;
  const host = groups?.['host'];
  if (host === undefined) {
    return undefined;
  }
  const [name = '', namespace] = host.split('.');
  return {
    scheme: groups?.['scheme'] ?? '',
    host,
    name,
    ...(namespace !== undefined && { namespace }),
    port: groups?.['port'] ?? '',
  };
}

/**
 * The same service with another Service's name: scheme, namespace and port stay (traffic rule 2).
 *
 * @throws RangeError when the service cannot be parsed; preflight has refused those
 */
export function withServiceName(service: string, name: string): string {
  const parsed = parseService(service);
  if (parsed === undefined) {
    throw new RangeError(`${service} is not a service of a Mapping`);
  }
  return `${parsed.scheme}${name}${parsed.host.slice(parsed.name.length)}${parsed.port}`;
}
