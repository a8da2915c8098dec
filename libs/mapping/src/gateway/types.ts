import type { Mapping, StringMap } from '../types.ts';

/** A Host of the gateway, as far as routing depends on it. */
export interface Host {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: {
    readonly hostname?: string;
    /** Mappings with these labels and no host of their own are served under this Host; `selector` is its older name. */
    readonly mappingSelector?: { readonly matchLabels?: StringMap };
    readonly selector?: { readonly matchLabels?: StringMap };
    readonly ambassador_id?: unknown;
  };
}

/** What a gateway has seen. */
export interface GatewayInput {
  /** Of all namespaces, in any order. */
  readonly mappings: readonly Mapping[];
  /** None, or absent: the gateway makes one for every hostname, which selects by no labels. */
  readonly hosts?: readonly Host[];
  /** Whose Mappings it serves; default `default`. */
  readonly ambassadorId?: string;
}

/** One route of a group: the gateway tries them in order with one random number a request (facts/mapping.md 2). */
export interface WeightedRoute {
  readonly mapping: Mapping;
  /** Cumulative, as Envoy gets it: the route takes requests whose random number in 0..99 is below it. May be over 100. */
  readonly numerator: number;
  /** Percent of the group's requests that this route takes. */
  readonly share: number;
}

/** A condition on a header or a query parameter. */
export interface ValueMatch {
  /** `:authority` is the host (a glob unless it is a regex), `:method` the method. */
  readonly name: string;
  /** Absent: it must be there, whatever it says. */
  readonly value?: string;
  /** The value is a regular expression for the whole of it. */
  readonly regex?: true;
}

/** Which requests a group takes. */
export interface RouteMatch {
  readonly path: string;
  /** How `path` is meant; `regex` is for the whole path. */
  readonly kind: 'prefix' | 'exact' | 'regex';
  readonly headers: readonly ValueMatch[];
  readonly query: readonly ValueMatch[];
}

/** Mappings that share traffic. */
export interface MappingGroup {
  readonly id: string;
  readonly match: RouteMatch;
  /** Hostnames of the Hosts under which it is served, such as `*`; never empty. */
  readonly hostnames: readonly string[];
  /** In the order in which they are tried. Shares add up to less than 100 when some requests match no route. */
  readonly routes: readonly WeightedRoute[];
  /** Gets a copy of a part of the requests and answers none. */
  readonly shadow?: { readonly mapping: Mapping; readonly percent: number };
}

/**
 * Why a Mapping serves nothing:
 * - `unlikeGroup`: a core key differs from the group's, which the first Mapping of the group has set
 * - `sameCacheKey`: another Mapping of the group has the same name up to the first dot
 * - `secondShadow`, `redirectMixed`: a group has one shadow at most, and is a redirect or is none
 * - `starInHost`: an exact host with a star in it
 * - `noHost`: no Host serves it
 */
export type DropReason = 'unlikeGroup' | 'sameCacheKey' | 'secondShadow' | 'redirectMixed' | 'starInHost' | 'noHost';

/** A Mapping that serves nothing. */
export interface DroppedMapping {
  readonly mapping: Mapping;
  /** Absent: it is none of the model's, but somebody's who wrote one by hand. */
  readonly reason?: DropReason;
  /** For people. */
  readonly why: string;
}

/** What the gateway makes of its Mappings. */
export interface GatewayModel {
  /** In the order in which requests are matched; none when `invalid`. */
  readonly groups: readonly MappingGroup[];
  readonly dropped: readonly DroppedMapping[];
  /** `[rkey, text]`, as its diagnostics list them; rkey is `<name>.<namespace>.1`. */
  readonly errors: readonly (readonly [rkey: string, text: string])[];
  /** Hostnames of all Hosts: a request belongs to the one that fits it best, and finds the groups of that one only. */
  readonly hostnames: readonly string[];
  /** Present when Envoy refuses the whole: then the gateway keeps what it had, and one that restarts serves nothing. */
  readonly invalid?: string;
}

/** A Mapping by its name. */
export interface MappingRef {
  readonly namespace: string;
  readonly name: string;
}
