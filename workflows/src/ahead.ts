import type { PointServicesInput, PointedServices, RemoveCanaryMappingsInput, RunRef } from '@weir/contract';
import {
  canaryMappingName,
  evolve,
  nextAction,
  stableMappingNameProblem,
  type Action,
  type ActivityAction,
  type Run,
  type RunEvent,
} from '@weir/rollout';

/**
 * What an activity has done: what was asked, or the action that comes next as well, because each activity costs the server, the
 * worker and the history.
 */
export type Performed = RunEvent | Ahead;

export interface Ahead {
  readonly kind: 'ahead';
  readonly event: RunEvent;
  readonly then: { readonly action: Action['kind']; readonly event: RunEvent };
}

/** @param isLean - false in histories from before activities did more than one action */
export function removal(
  run: Run,
  ref: RunRef,
  isLean: boolean,
): { readonly summary: string; readonly input: RemoveCanaryMappingsInput } {
  const { mappingApiVersion, spec, uid } = run;
  const names = spec.mappings.filter((name) => stableMappingNameProblem(name) === undefined).map(canaryMappingName);
  const input = { ...ref, names, ...(mappingApiVersion && { mappingApiVersion }) };
  return isLean && nextAfter(run, { kind: 'canaryMappingsRemoved' }) === 'releaseRollout'
    ? {
        summary: 'remove the canary Mappings, take the finalizer off',
        input: { ...input, release: true, ...(uid && { uid }) },
      }
    : { summary: 'remove the canary Mappings', input };
}

export function removed(released: boolean): Performed {
  const event = { kind: 'canaryMappingsRemoved' } as const;
  return released
    ? { kind: 'ahead', event, then: { action: 'releaseRollout', event: { kind: 'rolloutReleased' } } }
    : event;
}

type PointServices = Extract<ActivityAction, { kind: 'pointServices' }>;

/** Where the endpoints of one of the Services are what comes next, they are waited for a little. */
export function pointing(
  { services }: PointServices,
  run: Run,
  ref: RunRef,
  isLean: boolean,
): { readonly summary: string; readonly input: PointServicesInput } {
  const { stableService, canaryService } = run.spec;
  const { stable, canary } = services;
  const pointed = [
    ...(stable === undefined ? [] : [{ name: stableService, podTemplateHash: stable }]),
    ...(canary === undefined ? [] : [{ name: canaryService, podTemplateHash: canary }]),
  ];
  const next = isLean ? nextAfter(run, { kind: 'servicesPointed', services }) : undefined;
  const awaited =
    next === 'awaitStableEndpoints' ? stableService : next === 'awaitCanaryEndpoints' ? canaryService : undefined;
  const summary = pointed.map((one) => `Service ${one.name} selects revision ${one.podTemplateHash}`).join(', ');
  return { summary, input: { ...ref, services: pointed, ...(awaited !== undefined && { awaited }) } };
}

/** @param answer - none from a worker that waits for no endpoints yet */
export function pointed({ services }: PointServices, run: Run, answer: PointedServices | undefined): Performed {
  const event = { kind: 'servicesPointed', services } as const;
  if (answer?.endpointsReady !== true) {
    return event;
  }
  return nextAfter(run, event) === 'awaitStableEndpoints'
    ? { kind: 'ahead', event, then: { action: 'awaitStableEndpoints', event: { kind: 'stableEndpointsReady' } } }
    : { kind: 'ahead', event, then: { action: 'awaitCanaryEndpoints', event: { kind: 'canaryEndpointsReady' } } };
}

/** What comes next if nothing but this happens. */
function nextAfter(run: Run, event: RunEvent): Action['kind'] {
  const nowMs = Date.now();
  return nextAction(evolve(run, event, nowMs), nowMs).kind;
}
