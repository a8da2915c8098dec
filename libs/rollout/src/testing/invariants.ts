import { leastWeightOnAbort, type RevisionTarget } from '../replicas.ts';
import type { Run } from '../run.ts';
import type { ServiceRevisions } from '../workload.ts';
import type { SimulatedPods } from './simulated-pods.ts';

/** Where the traffic goes, and what is there to answer it. */
export interface Traffic {
  readonly run: Run;
  readonly pods: SimulatedPods;
  readonly services: ServiceRevisions;
  /** The highest of the canary Mappings, percent. */
  readonly weight: number;
  /** The lowest of them. */
  readonly lowest: number;
}

/** A canary Mapping that goes at a weight sends its share to whatever stable is. */
export function mayRemoveMappings({ weight, services }: Traffic): void {
  if (weight > 0 && services.stable !== services.canary) {
    throw new Error(`canary Mappings are removed at weight ${weight}, and stable is another revision`);
  }
}

/**
 * No weight is raised for a revision without available pods. With dynamicStableScale none is lowered to where stable cannot
 * carry the rest, unless the canary cannot carry it either.
 */
export function mayWrite({ run, pods, services, weight: before, lowest }: Traffic, weight: number): void {
  const canaryPods = pods.availableOf(services.canary);
  if (weight > lowest && canaryPods === 0) {
    throw new Error(`weight ${weight} for revision ${services.canary}, which has no available pods`);
  }
  const stablePods = pods.availableOf(services.stable);
  const least = run.spec.workload === undefined ? 0 : leastWeightOnAbort(run.spec.workload, stablePods);
  const isHopeless = canaryPods === 0 || run.ending?.outcome === 'deleted';
  if (weight < Math.min(before, least) && !isHopeless) {
    throw new Error(`weight ${weight}, but stable has only ${stablePods} pods`);
  }
}

/** No Service that has traffic is pointed at a revision without available pods, but back at the one that it served before. */
export function mayPoint({ run, pods, services: before, weight }: Traffic, { stable, canary }: ServiceRevisions): void {
  const isHome = run.stage === 'settling' || run.spec.workload?.replicas === 0;
  if (stable !== undefined && stable !== before.stable && !isHome && pods.availableOf(stable) === 0) {
    throw new Error(`all traffic for revision ${stable}, which has no available pods`);
  }
  if (canary !== undefined && weight > 0 && pods.availableOf(canary) === 0) {
    throw new Error(`the canary's traffic for revision ${canary}, which has no available pods`);
  }
}

/** No revision loses the pods that its traffic needs. */
export function mayScale(
  { run, pods, services, weight }: Traffic,
  { podTemplateHash: hash, replicas }: RevisionTarget,
): void {
  const wanted = run.spec.workload?.replicas ?? 0;
  const isFewer = replicas < pods.replicasOf(hash) && wanted > 0;
  if (isFewer && replicas === 0 && services.canary === hash && weight > 0) {
    throw new Error(`revision ${hash} loses its pods while ${weight} % of the traffic go to it`);
  }
  const needed = Math.ceil(((100 - weight) * wanted) / 100);
  if (isFewer && services.stable === hash && replicas < Math.max(1, needed)) {
    throw new Error(`stable is scaled to ${replicas} pods, but its traffic needs ${needed}`);
  }
}
