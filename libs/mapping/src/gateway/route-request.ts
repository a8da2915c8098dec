import { bestHost, isHostOf } from './hosts.ts';
import type { GatewayModel, RouteMatch, ValueMatch, WeightedRoute } from './types.ts';

/** What routing looks at. */
export interface GatewayRequest {
  readonly method: string;
  /** With or without a port, which does not count. */
  readonly host: string;
  /** Without the query. */
  readonly path: string;
  /** Names in lower case, as Node has them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly query: Readonly<Record<string, string>>;
}

/**
 * The route that answers a request: of the groups of the best fitting Host the first that matches, and in it the first route
 * whose cumulative weight is above the random number. When a group matches but none of its routes takes the request, the next
 * groups are tried: a sum below 100 sends the rest there, or nowhere (facts/mapping.md 2).
 *
 * @param random - whole number 0..99, the same for all groups; a function is called once
 * @returns undefined: the gateway answers 404
 */
export function routeRequest(
  { groups, hostnames }: GatewayModel,
  request: GatewayRequest,
  random: number | (() => number),
): WeightedRoute | undefined {
  const drawn = typeof random === 'number' ? random : random();
  const asked = { ...request, host: request.host.replace(/:\d+$/, '').toLowerCase() };
  const host = bestHost(hostnames, asked.host);
  if (host === undefined) {
    return undefined;
  }
  return groups
    .filter((group) => group.hostnames.includes(host) && matchesHeadersAndQuery(group.match, asked))
    .flatMap(({ match, routes }) => routes.map((route) => ({ match, route })))
    .find(({ match, route }) => drawn < route.numerator && matchesPath(match, route, asked.path))?.route;
}

function matchesHeadersAndQuery({ headers, query }: RouteMatch, request: GatewayRequest): boolean {
  return (
    headers.every((header) => matchesValue(header, headerOf(request, header.name))) &&
    query.every((parameter) => matchesValue(parameter, request.query[parameter.name]))
  );
}

/** Each route says for itself whether upper and lower case are the same in its path; a regular expression does not ask. */
function matchesPath({ path, kind }: RouteMatch, { mapping: { spec } }: WeightedRoute, asked: string): boolean {
  if (kind === 'regex') {
    return matchesWhole(path, asked);
  }
  const [wanted, given] = spec['case_sensitive'] === false ? [path.toLowerCase(), asked.toLowerCase()] : [path, asked];
  return kind === 'exact' ? given === wanted : given.startsWith(wanted);
}

function headerOf({ host, method, headers }: GatewayRequest, name: string): string | undefined {
  switch (name.toLowerCase()) {
    case ':authority':
      return host;
    case ':method':
      return method;
    default: {
      const value = headers[name.toLowerCase()];
      return value === undefined || typeof value === 'string' ? value : value.join(',');
    }
  }
}

function matchesValue({ name, value, regex }: ValueMatch, given: string | undefined): boolean {
  if (given === undefined || value === undefined) {
    return given !== undefined;
  }
  if (regex) {
    return matchesWhole(value, given);
  }
  return name.toLowerCase() === ':authority' ? isHostOf(value.toLowerCase(), given) : value === given;
}

/**
 * Envoy's regular expressions are RE2's, of which JavaScript knows almost all; what it does not know is translated as far as
 * users write it: named groups, and flags at the beginning. One that still cannot be read matches nothing.
 */
function matchesWhole(pattern: string, text: string): boolean {
  const [, flags = '', rest = ''] = /^(?:\(\?([ims]+)\))?([^]*)$/.exec(pattern) ?? [];
  try {
    return new RegExp(`^(?:${rest.replaceAll('(?P<', '(?<')})$`, flags).test(text);
  } catch (error) {
    if (error instanceof SyntaxError) {
      return false;
    }
    throw error;
  }
}
