export { canaryRollout } from './canary-rollout.ts';
export { sweepCanaryMappings } from './sweep.ts';
