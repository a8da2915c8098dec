const under = (path: string, fields: string): string[] => fields.split(' ').map((field) => `${path}.${field}`);

/**
 * Fields of Argo's Rollout that Weir knows and does not act on. Storing what would be ignored would be a lie, so they are
 * refused by name; paths are as in error messages, without indices.
 */
export const NOT_SUPPORTED_YET: ReadonlySet<string> = new Set([
  'spec.analysis',
  'spec.strategy.blueGreen',
  ...under('spec.strategy.canary', 'analysis pingPong'),
  ...under(
    'spec.strategy.canary.trafficRouting',
    'alb apisix appMesh istio managedRoutes maxTrafficWeight nginx plugins smi traefik',
  ),
  ...under('spec.strategy.canary.steps', 'analysis experiment plugin setHeaderRoute setMirrorRoute'),
]);
