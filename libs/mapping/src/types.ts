/** Labels or annotations. */
export type StringMap = Readonly<Record<string, string>>;

/** A Mapping of any API version. Unknown fields are kept: the canary is a copy of the whole stable spec. */
export interface Mapping {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: StringMap;
    readonly annotations?: StringMap;
    readonly ownerReferences?: readonly OwnerReference[];
    readonly managedFields?: readonly ManagedFieldsEntry[];
  };
  readonly spec: MappingSpec;
}

export interface MappingSpec {
  readonly prefix?: string;
  readonly service?: string;
  readonly weight?: number;
  readonly [field: string]: unknown;
}

/** Which fields a manager wrote last, kept by the API server; time in whole seconds. */
export interface ManagedFieldsEntry {
  /** The version in which it wrote. */
  readonly apiVersion?: string;
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly time?: string;
  /** A tree of `f:name`. */
  readonly fieldsV1?: Readonly<Record<string, unknown>>;
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}
