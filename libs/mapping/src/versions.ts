/** One way to address Mappings: a run uses one for all its reads and writes. */
export interface MappingApi {
  /** `group/version`, as in `apiVersion`. */
  readonly apiVersion: string;
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
}

/**
 * Newest first. v3alpha1 before v2 although clusters that serve both prefer v2: the gateway itself watches v3alpha1
 * (facts/mapping.md 3). `x.getambassador.io` lived in early access builds of 2.0 only.
 */
export const MAPPING_APIS: readonly MappingApi[] = [
  api('getambassador.io', 'v3alpha1', 'mappings', 'Mapping'),
  api('getambassador.io', 'v2', 'mappings', 'Mapping'),
  api('x.getambassador.io', 'v3alpha1', 'ambassadormappings', 'AmbassadorMapping'),
];

function api(group: string, version: string, plural: string, kind: string): MappingApi {
  return { apiVersion: `${group}/${version}`, group, version, plural, kind };
}

/**
 * The API version to use in a cluster.
 *
 * @param served - the `group/version`s that the cluster's discovery lists
 * @param configured - a version that the operator insists on
 * @returns undefined when none that we know is served
 */
export function chooseMappingApi(served: readonly string[], configured?: string): MappingApi | undefined {
  return MAPPING_APIS.find(
    ({ apiVersion }) => served.includes(apiVersion) && (configured === undefined || configured === apiVersion),
  );
}

/** @throws RangeError for a version that is not one of {@link MAPPING_APIS} */
export function mappingApi(apiVersion: string): MappingApi {
  const found = MAPPING_APIS.find((one) => one.apiVersion === apiVersion);
  if (found === undefined) {
    const known = MAPPING_APIS.map((one) => one.apiVersion).join(', ');
    throw new RangeError(`${apiVersion} is not an API version of Mapping; known are ${known}`);
  }
  return found;
}

/**
 * Checks the version that an operator insists on, before a process starts with it.
 *
 * @throws Error that names the variable and the versions that are known
 */
export function refuseUnknownMappingApi(configured: string | undefined): void {
  if (configured !== undefined && !MAPPING_APIS.some(({ apiVersion }) => apiVersion === configured)) {
    const known = MAPPING_APIS.map(({ apiVersion }) => apiVersion).join(', ');
    throw new Error(`bad environment: WEIR_MAPPING_API_VERSION is ${configured}; it must be one of ${known}`);
  }
}
