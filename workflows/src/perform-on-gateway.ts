import type { MappingRunRef, RunRef } from '@weir/contract';
import { assertNever, type ActivityAction, type Run, type RunEvent } from '@weir/rollout';
import { decisive, interruptible } from './activities.ts';

/** The actions about what others do to the Mappings, and about what the gateway makes of them. */
type GatewayAction = Extract<
  ActivityAction,
  { kind: 'repairCanaryMappings' | 'adoptCanaryMappings' | 'awaitServedWeight' }
>;

/** Like `perform`. A repair may put back a Mapping, so an abort waits until it is known to be over, as for a creation. */
export async function performOnGateway(action: GatewayAction, run: Run, ref: RunRef): Promise<RunEvent> {
  const { stableService, canaryService, mappings } = run.spec;
  switch (action.kind) {
    case 'repairCanaryMappings': {
      const { canaryMappings, sequence, writtenWeight } = run;
      const summary = `look at ${canaryMappings.map(({ name }) => name).join(', ')}: something was changed`;
      const input = {
        ...mappingRef(run, ref),
        stableService,
        canaryService,
        revision: run.revision.canary,
        sequence,
        canaryMappings: canaryMappings.map((one) => ({ ...one, weight: one.weight ?? writtenWeight })),
        policy: run.stage === 'retreating' ? 'repair' : (run.spec.driftPolicy ?? 'repair'),
      } as const;
      const repaired = await decisive.repairCanaryMappings.executeWithOptions({ summary }, [input]);
      return { kind: 'mappingsRepaired', ...repaired };
    }
    case 'adoptCanaryMappings': {
      const { names } = action;
      const summary = `take over ${names.join(', ')} of Argo Rollouts`;
      const input = { ...mappingRef(run, ref), names };
      const canaryMappings = await decisive.adoptCanaryMappings.executeWithOptions({ summary }, [input]);
      return { kind: 'canaryMappingsAdopted', canaryMappings };
    }
    case 'awaitServedWeight': {
      const { weight, untilMs } = action;
      const summary = `the gateway serves weight ${weight} %`;
      const input = { ...ref, stableMappings: mappings, weight, untilMs };
      const report = await interruptible.awaitServedWeight.executeWithOptions({ summary }, [input]);
      return { kind: 'servedReported', weight: run.writtenWeight, report };
    }
    default:
      return assertNever(action);
  }
}

export function mappingRef(run: Run, ref: RunRef): MappingRunRef {
  return { ...ref, uid: run.uid ?? '', mappingApiVersion: run.mappingApiVersion ?? '' };
}
