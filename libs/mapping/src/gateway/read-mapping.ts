import { onceEach } from '@weir/rollout';
import type { Mapping, MappingSpec, StringMap } from '../types.ts';
import type { RouteMatch, ValueMatch } from './types.ts';
import { asSeenByGateway } from './v3alpha1.ts';

/** A Mapping with what the gateway reads out of it. */
export interface ReadMapping {
  /** As it was given, of whichever version. */
  readonly mapping: Mapping;
  readonly namespace: string;
  readonly name: string;
  /** Name of the Mapping in the gateway's diagnostics, and its place in the processing order. */
  readonly rkey: string;
  /** As v3alpha1. */
  readonly spec: MappingSpec;
  readonly labels: StringMap;
  /** The hostname, a glob; absent: it has none, or one by a regular expression. */
  readonly host?: string;
  readonly isHostRegex: boolean;
  readonly match: RouteMatch;
  readonly precedence: number;
  /** Percent; absent: it shares what the others leave. */
  readonly weight?: number;
}

/** Reads a Mapping as the gateway does (facts/mapping.md 1a and 1b). Values of the wrong type count as absent: the CRD refuses them. */
export const readMapping = onceEach((mapping: Mapping): ReadMapping => {
  const { spec, metadata } = asSeenByGateway(mapping);
  const { name, namespace = 'default', labels = {} } = metadata;
  const { host, isRegex } = hostOf(spec);
  const precedence = spec['precedence'];
  return {
    mapping,
    namespace,
    name,
    rkey: `${name}.${namespace}.1`,
    spec,
    labels,
    ...(host !== undefined && !isRegex && { host }),
    isHostRegex: isRegex,
    match: matchOf(spec, host, isRegex),
    precedence: typeof precedence === 'number' ? precedence : 0,
    ...(typeof spec.weight === 'number' && { weight: spec.weight }),
  };
});

export function isShadow({ spec }: Pick<Mapping, 'spec'>): boolean {
  return spec['shadow'] === true;
}

export function isRedirect({ spec }: Pick<Mapping, 'spec'>): boolean {
  return spec['host_redirect'] === true;
}

function hostOf(spec: MappingSpec): { readonly host?: string; readonly isRegex: boolean } {
  const { hostname, host, host_regex: isRegex } = spec;
  if (isText(hostname)) {
    return { host: hostname, isRegex: false };
  }
  if (isText(host)) {
    return { host, isRegex: isRegex === true };
  }
  const authority = entries(spec['headers']).find(([header]) => isAuthority(header))?.[1];
  return isText(authority) ? { host: authority, isRegex: false } : { isRegex: false };
}

function matchOf(spec: MappingSpec, host: string | undefined, isHostRegex: boolean): RouteMatch {
  const { method } = spec;
  return {
    path: spec.prefix ?? '',
    kind: spec['prefix_regex'] === true ? 'regex' : spec['prefix_exact'] === true ? 'exact' : 'prefix',
    headers: [
      ...exact(spec['headers']).filter(({ name }) => !isAuthority(name)),
      ...regex(spec['regex_headers']),
      ...(host === undefined ? [] : [pseudo(':authority', host, isHostRegex)]),
      ...(isText(method) ? [pseudo(':method', method, spec['method_regex'] === true)] : []),
    ],
    query: [...exact(spec['query_parameters']), ...regex(spec['regex_query_parameters'])],
  };
}

function exact(values: unknown): ValueMatch[] {
  return entries(values).map(([name, value]) => (value === true ? { name } : { name, value: String(value) }));
}

function regex(values: unknown): ValueMatch[] {
  return entries(values).map(([name, value]) => ({ name, value: String(value), regex: true }));
}

function pseudo(name: string, value: string, isRegex: boolean): ValueMatch {
  return isRegex ? { name, value, regex: true } : { name, value };
}

/** By name: the part of the gateway that is written in Go hands maps over in this order. */
function entries(values: unknown): [string, unknown][] {
  return Object.entries((values ?? {}) as Record<string, unknown>).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function isAuthority(header: string): boolean {
  return header.toLowerCase() === ':authority';
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
