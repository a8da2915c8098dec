import { NOTHING, lastMoment, replay, type Moment, type Replayed, type Write } from './replay.ts';
import { GONE, type Roles, type Trace } from './snapshot.ts';

/**
 * What must be so in every rollout of pods, whatever happens, as sentences about what was not. Empty: all is well.
 * - No write by Weir raises the share of a revision without available pods: not a raise of a weight, not a Service that takes
 *   traffic and is switched, not the end of a Mapping that had some. A weight that is lowered is no such write: an abort takes
 *   the traffic home whatever stable has.
 * - Weir takes no ReplicaSet's last pod while traffic is routed to it.
 */
export function violations(trace: Trace, roles: Roles): readonly string[] {
  const replayed = replay(trace);
  return replayed.flatMap((one, index) => violationsOf(one, replayed[index - 1]?.after ?? NOTHING, roles));
}

/**
 * With `dynamicStableScale`: weights that Weir lowered further than the available stable pods can carry, each pod its share
 * of `spec.replicas`.
 */
export function tooMuchForStable(trace: Trace, roles: Roles): readonly string[] {
  return replay(trace).flatMap(({ write, after }) => {
    if (write.kind !== 'weight' || !write.byWeir || write.to === GONE || write.to >= write.from) {
      return [];
    }
    const stable = after.revisions.get(after.selected.get(roles.stable) ?? '');
    const carried = (100 * (stable?.available ?? 0)) / (after.rollout?.replicas ?? 1);
    return 100 - write.to <= carried
      ? []
      : [`at ${write.resourceVersion} mapping ${write.mapping} goes to ${write.to}, but stable can carry ${carried} %`];
  });
}

/** Canary Mappings that are there at the end of a trace: none may be when no run is open. */
export function leftMappings(trace: Trace): readonly string[] {
  return [...lastMoment(trace).weights.keys()];
}

function violationsOf({ write, after }: Replayed, before: Moment, roles: Roles): readonly string[] {
  const problem = write.byWeir ? problemOf(write, before, after, roles) : undefined;
  return problem === undefined ? [] : [`at ${write.resourceVersion} ${problem}`];
}

function problemOf(write: Write, before: Moment, after: Moment, roles: Roles): string | undefined {
  switch (write.kind) {
    case 'weight': {
      const lack = lackOf(after, raisedService(write, roles));
      return lack && `mapping ${write.mapping} goes from ${write.from} to ${write.to}, but ${lack}`;
    }
    case 'selector': {
      const takesTraffic = write.service === roles.stable || isRouted(after);
      const lack = takesTraffic && !wantsNoPods(after) ? lackOf(after, write.service) : undefined;
      return lack && `Service ${write.service} is switched, but ${lack}`;
    }
    case 'scale': {
      const isLast = write.from > 0 && (write.to === 0 || write.to === GONE);
      const traffic = isLast && !wantsNoPods(after) ? trafficOf(before, write.hash, roles) : undefined;
      return traffic && `rev ${write.revision} loses its last pod, but ${traffic}`;
    }
    case 'renumber':
    case 'deed':
      return undefined;
  }
}

/** The Service whose share grows by the write. What a Mapping at some weight took goes to stable when it is deleted. */
function raisedService({ from, to }: Write & { kind: 'weight' }, roles: Roles): string | undefined {
  if (to === GONE) {
    return from > 0 ? roles.stable : undefined;
  }
  return to > from ? roles.canary : undefined;
}

function wantsNoPods({ rollout }: Moment): boolean {
  return rollout?.replicas === 0 || rollout?.deleting === true;
}

function isRouted({ weights }: Moment): boolean {
  return [...weights.values()].some((weight) => weight > 0);
}

/** Why pods behind a Service cannot take traffic; undefined: they can. */
function lackOf({ selected, revisions }: Moment, service: string | undefined): string | undefined {
  if (service === undefined) {
    return undefined;
  }
  const hash = selected.get(service);
  const revision = hash === undefined ? undefined : revisions.get(hash);
  if (revision === undefined) {
    return `Service ${service} selects no revision that is there`;
  }
  return revision.available > 0 ? undefined : `rev ${revision.revision} has no available pod`;
}

/** Which traffic goes to a revision; undefined: none. */
function trafficOf({ weights, selected }: Moment, hash: string, roles: Roles): string | undefined {
  if (selected.get(roles.canary) === hash) {
    const routed = [...weights].find(([, weight]) => weight > 0);
    if (routed !== undefined) {
      return `mapping ${routed[0]} routes ${routed[1]} % to it through Service ${roles.canary}`;
    }
  }
  const canaryTakesAll = weights.size > 0 && [...weights.values()].every((weight) => weight === 100);
  return selected.get(roles.stable) === hash && !canaryTakesAll ? `Service ${roles.stable} selects it` : undefined;
}
