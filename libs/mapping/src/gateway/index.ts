export { modelGateway } from './model.ts';
export { plannedShares } from './planned-shares.ts';
export { routeRequest, type GatewayRequest } from './route-request.ts';
export { routeOf, shareOf } from './share.ts';
export * from './types.ts';
export { asV3Alpha1 } from './v3alpha1.ts';
