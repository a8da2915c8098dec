/** What the proxy tells requests of rollouts apart by. */
export interface RequestIdentity {
  readonly namespace: string;
  /** The same in every run of a scenario: method, kind, name, subresource and what is written, as far as that is telling. */
  readonly signature: string;
  /** Name of the Mapping and percent, of a request that writes a weight. */
  readonly weight?: { readonly mapping: string; readonly percent: number };
}

interface Written {
  readonly metadata?: {
    readonly name?: string;
    readonly finalizers?: readonly string[];
    readonly annotations?: Readonly<Record<string, unknown>>;
  };
  readonly spec?: { readonly weight?: number };
}

/** Their names are another in each run. */
const NAMELESS: readonly string[] = ['events', 'pods', 'endpointslices'];

const NAMESPACED = /^\/apis?\/(?:[^/]+\/)?[^/]+\/namespaces\/(?<namespace>[^/]+)\/(?<plural>[^/?]+)(?<rest>[^?]*)/;

/** A watch is a request too, but of the worker, and it is broken and made anew all the time. */
export function isWatch(url: string): boolean {
  return /[?&]watch=(true|1)(&|$)/.test(url);
}

/** @returns undefined for a watch, and for what is not in a namespace: it cannot be told whose rollout it is for */
export function identityOf(method: string, url: string, body: string): RequestIdentity | undefined {
  const { namespace, plural, rest = '' } = NAMESPACED.exec(url)?.groups ?? {};
  if (namespace === undefined || plural === undefined || isWatch(url)) {
    return undefined;
  }
  const written = method === 'POST' || method === 'PATCH' ? (JSON.parse(body) as Written) : {};
  const names = NAMELESS.includes(plural) ? [] : namesOf(rest, written);
  const weight = plural === 'mappings' ? weightOf(names[0], written) : undefined;
  const parts = [method, plural, ...names, ...(weight ? [`w${weight.percent}`] : []), ...aboutRollout(plural, written)];
  return { namespace, signature: parts.join('.'), ...(weight && { weight }) };
}

/** Name and subresource. A creation names its object only in the body. */
function namesOf(path: string, { metadata }: Written): string[] {
  return (path === '' ? (metadata?.name ?? '') : path).split('/').filter((part) => part !== '');
}

function weightOf(mapping: string | undefined, { spec }: Written): RequestIdentity['weight'] {
  const percent = spec?.weight;
  return percent === undefined || mapping === undefined ? undefined : { mapping, percent };
}

/** Reports and the run itself PATCH the same object at the same time: which of them it is decides what a fault hits. */
function aboutRollout(plural: string, { metadata }: Written): string[] {
  if (plural !== 'rollouts') {
    return [];
  }
  return (['finalizers', 'annotations'] as const).filter((field) => metadata?.[field] !== undefined);
}
