import { isNothing, parseAmount } from './amount.ts';
import type { Finding } from './errors.ts';
import { at, listAt } from './unchecked.ts';

const CANARY = ['strategy', 'canary'];

/** What must hold between the fields of the strategy. */
export function canaryFindings(spec: unknown): Finding[] {
  const canary = at(spec, ...CANARY);
  return [
    ...serviceFindings(canary),
    ...surgeFindings(canary),
    ...dynamicScaleFindings(canary),
    ...emptyCanary(canary),
  ].map(({ path, message }) => ({ path: [...CANARY, ...path], message }));
}

function serviceFindings(canary: unknown): Finding[] {
  const stable = at(canary, 'stableService');
  return typeof stable === 'string' && at(canary, 'canaryService') === stable
    ? [{ path: ['canaryService'], message: `must be another Service than stableService (${stable})` }]
    : [];
}

/** As Argo has it; absent they are 25 %. */
function surgeFindings(canary: unknown): Finding[] {
  const bothNothing = ['maxSurge', 'maxUnavailable'].every((field) => {
    const amount = parseAmount(at(canary, field));
    return amount !== undefined && isNothing(amount);
  });
  return bothNothing ? [{ path: ['maxSurge'], message: 'must not be 0 when maxUnavailable is 0' }] : [];
}

function dynamicScaleFindings(canary: unknown): Finding[] {
  return at(canary, 'dynamicStableScale') === true && at(canary, 'scaleDownDelaySeconds') !== undefined
    ? [
        {
          path: ['dynamicStableScale'],
          message:
            'must not be true together with scaleDownDelaySeconds: the old pods go while the weight rises; leave one of the two out',
        },
      ]
    : [];
}

/** A weight above 0 waits for a canary pod; while a setCanaryScale says none, it would wait for ever. */
function emptyCanary(canary: unknown): Finding[] {
  const findings: Finding[] = [];
  let weight = 0;
  let emptiedBy: number | undefined;
  for (const [index, step] of listAt(canary, 'steps').entries()) {
    const scale = at(step, 'setCanaryScale');
    const setWeight = at(step, 'setWeight');
    if (scale !== undefined) {
      emptiedBy = at(scale, 'replicas') === 0 || at(scale, 'weight') === 0 ? index : undefined;
      if (emptiedBy !== undefined && weight > 0) {
        const message = `must leave a pod to the canary, which has ${weight} % of the traffic: set the weight to 0 before`;
        findings.push({ path: ['steps', index, 'setCanaryScale'], message });
      }
    } else if (typeof setWeight === 'number') {
      weight = setWeight;
      if (emptiedBy !== undefined && weight > 0) {
        const message = `must be 0 while the setCanaryScale of steps[${emptiedBy}] keeps the canary without pods`;
        findings.push({ path: ['steps', index, 'setWeight'], message });
      }
    }
  }
  return findings;
}
