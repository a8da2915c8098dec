import type { FieldError } from './errors.ts';
import { parseSpec } from './parse.ts';

/** Manifests for tests, as a user would write them. */

export const TARGET = { namespace: 'default', name: 'someapp' };

const TRAFFIC = {
  stableService: 'someapp-stable',
  canaryService: 'someapp-canary',
  trafficRouting: { ambassador: { mappings: ['stable-mapping'] } },
};
const STEPS = [{ setWeight: 30 }, { pause: { duration: '60s' } }, { setWeight: 60 }, { pause: {} }];

/** The least that has pods. */
export const PODS = {
  selector: { matchLabels: { app: 'someapp' } },
  template: podTemplate(),
};

export const REFERENCE = { workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'someapp' } };

export function podTemplate({ labels = { app: 'someapp' }, pod = {} }: { labels?: object; pod?: object } = {}) {
  return { metadata: { labels }, spec: { containers: [{ name: 'someapp', image: 'someapp:1.0.0' }], ...pod } };
}

/** The spec of a Rollout that moves traffic only, unless `more` has pods. */
export function specWith(canary: object = {}, more: object = {}) {
  return { strategy: { canary: { ...TRAFFIC, steps: STEPS, ...canary } }, ...more };
}

export function manifestWith(canary: object = {}, more: object = {}, spec: object = {}): unknown {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name: 'someapp' },
    spec: specWith(canary, spec),
    ...more,
  };
}

export function errorsOf(spec: unknown): readonly FieldError[] {
  const parsed = parseSpec(spec);
  return parsed.ok ? [] : parsed.errors;
}
