import type { ActivityAction } from '../actions.ts';
import type { RevisionTarget } from '../replicas.ts';

/** An action in a few words, for the course of a test. */
export function describeAction(action: ActivityAction): string {
  switch (action.kind) {
    case 'setCanaryWeight':
      return `weight ${action.weight}`;
    case 'pointServices':
      return Object.entries(action.services)
        .map(([role, hash]) => `${role} Service -> ${hash as string}`)
        .join(', ');
    case 'scaleReplicaSets':
      return action.targets.map(describeTarget).join(', ');
    case 'scaleReferenced':
      return `Deployment ${action.name}: ${action.replicas} pods`;
    default:
      return action.kind;
  }
}

function describeTarget({ podTemplateHash, replicas, scaleDownAtMs }: RevisionTarget): string {
  const deadline = scaleDownAtMs === undefined ? '' : scaleDownAtMs === null ? ', no deadline' : ', with a deadline';
  return `${podTemplateHash}: ${replicas} pods${deadline}`;
}
