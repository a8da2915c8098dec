import { sharesOf } from './gateway/weights.ts';
import type { GatewayModel, MappingGroup, WeightedRoute } from './gateway/types.ts';
import { parseService } from './service.ts';
import type { Mapping } from './types.ts';

/** What one instance of the gateway says of itself, as far as weights depend on it. */
export interface Diagnostics {
  /** Mappings that share traffic, in no order that means anything. */
  readonly groups: readonly (readonly DiagnosedMapping[])[];
  /** `[rkey, text]`; rkey is `<name>.<namespace>.<number>` where the error is about a Mapping or its group. */
  readonly errors: readonly (readonly [rkey: string, text: string])[];
}

/** A Mapping of a group. */
export interface DiagnosedMapping {
  readonly namespace: string;
  /** The gateway may put the namespace behind a name that several namespaces have. */
  readonly name: string;
  /** Percent, as the Mapping says; absent: it says none. */
  readonly weight?: number;
  /** Percent, with those before it in its group: what Envoy was given. */
  readonly cumulative: number;
}

/**
 * Reads the answer to `GET /ambassador/v0/diag/?json=true` (facts/mapping.md 4). `clusters[].weight` is not looked at: it says
 * 100 for a weight of 0 (emissary#5811). Fields that are not known do not matter.
 *
 * @throws TypeError that names the field which is missing or of another type
 */
export function readDiagnostics(answer: unknown): Diagnostics {
  const { route_info: routes, errors = [] } = fields(answer, 'the answer');
  return {
    groups: list(routes, 'route_info').map((route, index) => readGroup(route, `route_info[${index}]`)),
    errors: list(errors, 'errors').map((error, index) => {
      const [rkey, text] = list(error, `errors[${index}]`);
      return [string(rkey, `errors[${index}][0]`), string(text, `errors[${index}][1]`)];
    }),
  };
}

/**
 * Percent of the requests for a stable Mapping's route that this instance gives to the canary Mapping beside it, from the
 * cumulative numbers. All of them when the stable Mapping is in no group, and the canary is alone; none when the canary is in no
 * group, or in another one than the stable Mapping.
 */
export function servedWeight(
  { groups }: Diagnostics,
  { namespace, stable, canary }: { readonly namespace: string; readonly stable: string; readonly canary: string },
): number {
  const holding = (name: string) => groups.filter((group) => group.some((one) => isNamed(one, namespace, name)));
  const withStable = holding(stable);
  const looked = withStable.length > 0 ? withStable : holding(canary);
  return looked.flatMap(sharesIn).find(({ mapping }) => isNamed(mapping, namespace, canary))?.share ?? 0;
}

/**
 * What the gateway has against some Mappings of a namespace. It lists an error of a group under the group's first Mapping, so
 * one that is listed under a Mapping of this namespace and names one of them in its text is about it too.
 */
export function errorsAbout({ errors }: Diagnostics, namespace: string, names: readonly string[]): string[] {
  const found = errors.filter(([rkey, text]) => {
    const [, name, where] = /^(.+)\.([^.]+)\.\d+$/.exec(rkey) ?? [];
    return name !== undefined && where === namespace && names.some((one) => one === name || says(text, one, namespace));
  });
  return [...new Set(found.map(([, text]) => text))];
}

/**
 * The answer of a gateway's diagnostics for a model: what Emissary lists, in its shape, without what Weir does not read. As
 * there, the Mappings of a group do not come in the order of their routes, and `clusters[].weight` says 100 for 0.
 */
export function toDiagnostics({ groups, errors }: GatewayModel): object {
  return { route_info: groups.map(toRoute), errors };
}

function readGroup(route: unknown, path: string): DiagnosedMapping[] {
  const { mappings = [] } = fields(fields(route, path)['_route'], `${path}._route`);
  const at = `${path}._route.mappings`;
  return list(mappings, at).map((mapping, index) => readMapping(mapping, `${at}[${index}]`));
}

function readMapping(mapping: unknown, path: string): DiagnosedMapping {
  const { name, namespace, weight, _weight: cumulative } = fields(mapping, path);
  return {
    // Mappings that the gateway makes for itself need not have one.
    namespace: typeof namespace === 'string' ? namespace : '',
    name: string(name, `${path}.name`),
    ...(typeof weight === 'number' && { weight }),
    cumulative: number(cumulative, `${path}._weight`),
  };
}

/** Each Mapping of a group with its percent, by the order of the cumulative numbers: the list has another one. */
function sharesIn(
  group: readonly DiagnosedMapping[],
): { readonly mapping: DiagnosedMapping; readonly share: number }[] {
  const routes = group.toSorted((a, b) => a.cumulative - b.cumulative || claim(a) - claim(b));
  const shares = sharesOf(routes.map(({ cumulative }) => cumulative));
  return routes.map((mapping, index) => ({ mapping, share: shares[index] ?? 0 }));
}

/** Of Mappings with the same cumulative number the first has it all: one with a weight, and not with weight 0. */
function claim({ weight }: DiagnosedMapping): number {
  return weight === undefined ? 2 : weight === 0 ? 1 : 0;
}

function isNamed({ namespace, name }: DiagnosedMapping, wantedNamespace: string, wantedName: string): boolean {
  return namespace === wantedNamespace && (name === wantedName || name === `${wantedName}.${wantedNamespace}`);
}

/** Whether a text speaks of a Mapping of that name, and not of one whose name begins or ends with it. */
function says(text: string, name: string, namespace: string): boolean {
  const words = text.split(/[^A-Za-z0-9.-]+/).map((word) => word.replace(/\.$/, ''));
  return words.some(
    (word, index) =>
      (word === name || word === `${name}.${namespace}`) && words[index - 1]?.toLowerCase() === 'mapping',
  );
}

function toRoute({ id, match, routes, shadow }: MappingGroup): object {
  const pseudo = (name: string): string => match.headers.find((header) => header.name === name)?.value ?? '*';
  return {
    _group_id: id,
    prefix: match.path,
    method: pseudo(':method'),
    host: pseudo(':authority'),
    headers: match.headers.filter(({ name }) => !name.startsWith(':')),
    clusters: routes.map(({ mapping }) => ({ ...clusterOf(mapping), weight: mapping.spec.weight || 100 })),
    _route: {
      group_id: id,
      prefix: match.path,
      mappings: routes.map(toDiagnosed).toReversed(),
      ...(shadow && { shadows: [toDiagnosed({ mapping: shadow.mapping, numerator: shadow.percent })] }),
    },
  };
}

function toDiagnosed({ mapping, numerator }: Pick<WeightedRoute, 'mapping' | 'numerator'>): object {
  const { metadata, spec } = mapping;
  return {
    name: metadata.name,
    namespace: metadata.namespace ?? 'default',
    service: spec.service,
    ...(typeof spec.weight === 'number' && { weight: spec.weight }),
    _weight: numerator,
    cluster: clusterOf(mapping),
  };
}

/** Envoy's cluster of a Mapping, by service and namespace: `cluster_127_0_0_1_9001_default` (facts/mapping.md 5). */
function clusterOf({ metadata: { namespace = 'default' }, spec: { service = '' } }: Mapping): {
  readonly service: string;
  readonly envoy_name: string;
} {
  const { host = service, port = '' } = parseService(service) ?? {};
  return { service, envoy_name: `cluster_${host}${port}_${namespace}`.replaceAll(/[^A-Za-z0-9_]/g, '_') };
}

function fields(value: unknown, path: string): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : refuse(path, 'an object', value);
}

function list(value: unknown, path: string): readonly unknown[] {
  return Array.isArray(value) ? value : refuse(path, 'a list', value);
}

function string(value: unknown, path: string): string {
  return typeof value === 'string' ? value : refuse(path, 'a text', value);
}

function number(value: unknown, path: string): number {
  return typeof value === 'number' ? value : refuse(path, 'a number', value);
}

function refuse(path: string, wanted: string, value: unknown): never {
  const found =
    value === undefined ? 'missing' : value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value;
  throw new TypeError(`these are no diagnostics of the gateway: ${path} must be ${wanted} and is ${found}`);
}
