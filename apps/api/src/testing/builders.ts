import type { Mapping } from '@weir/mapping';
import { INSTANCE_ID, INSTANCE_ID_LABEL, RUN_ANNOTATION } from '@weir/rollout';
import type { RolloutObject } from '../cluster/rollout-object.ts';

/** The manifest of most tests: 30 %, a pause of 60 s, 60 %, a pause until promoted. */
export function aManifest(canary: object = {}): Record<string, unknown> {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name: 'someapp' },
    spec: {
      strategy: {
        canary: {
          stableService: 'someapp-stable',
          canaryService: 'someapp-canary',
          trafficRouting: { ambassador: { mappings: ['stable-mapping'] } },
          steps: [{ setWeight: 30 }, { pause: { duration: '60s' } }, { setWeight: 60 }, { pause: {} }],
          ...canary,
        },
      },
    },
  };
}

export interface RolloutParts {
  readonly name?: string;
  readonly namespace?: string;
  readonly generation?: number;
  readonly status?: object;
  /** Of the worker. */
  readonly note?: object;
  readonly metadata?: object;
}

/** A Rollout as the cluster has it. */
export function aRollout(parts: RolloutParts = {}): RolloutObject {
  const { name = 'someapp', namespace = 'default', generation = 1, status, note, metadata } = parts;
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: {
      name,
      namespace,
      uid: 'uid-1',
      generation,
      labels: { [INSTANCE_ID_LABEL]: INSTANCE_ID },
      ...(note && { annotations: { [RUN_ANNOTATION]: JSON.stringify(note) } }),
      ...metadata,
    },
    spec: aManifest()['spec'],
    ...(status && { status }),
  };
}

export function aMapping(name: string, spec: object = {}): Mapping {
  return {
    metadata: { name, namespace: 'default', labels: { team: 'shop' } },
    spec: { prefix: '/someapp/', service: 'someapp-stable:80', ...spec },
  };
}
