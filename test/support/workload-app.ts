import { GATEWAY_SETTLE_ANNOTATION } from '@weir/rollout';
import { KWOK_ANNOTATIONS } from '@weir/sandbox';
import type { ManifestStep } from './objects.ts';

/** An application with pods of its own, as its user describes it. What is absent has the default of {@link anApp}. */
export interface App {
  /** Pods; default 1. `null`: the manifest does not say. */
  readonly replicas?: number | null;
  /** What makes a revision; default `1`. */
  readonly image?: string;
  /** How its pods behave; absent: they are ready at once. */
  readonly ready?: 'never' | 'crash';
  /** A Go duration from start to ready. */
  readonly readyAfter?: string;
  /** Default: none. */
  readonly steps?: readonly ManifestStep[];
  /** Stable Mappings to list; default `app`. Those of the first manifest exist. */
  readonly mappings?: readonly string[];
  /** More of `spec.strategy.canary`. */
  readonly canary?: object;
  /** More of `spec`; replaces what is there. */
  readonly spec?: object;
}

export const SERVICE = { stable: 'someapp-stable', canary: 'someapp-canary' } as const;
export const APP_LABELS = { app: 'someapp' } as const;

/** Short, so that the pods of a test do not outlive it by half a minute; a second is enough to see that they wait. */
const DELAY_SECONDS = 1;

export const untilPromoted: ManifestStep = { pause: {} };
export const setWeight = (weight: number): ManifestStep => ({ setWeight: weight });
export const pause = (seconds: number): ManifestStep => ({ pause: { duration: seconds } });

/** Its manifest. */
export function manifestOf(name: string, app: App): object {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name, annotations: { [GATEWAY_SETTLE_ANNOTATION]: String(DELAY_SECONDS) } },
    spec: {
      ...(app.replicas !== null && { replicas: app.replicas ?? 1 }),
      selector: { matchLabels: APP_LABELS },
      template: templateOf(app),
      strategy: { canary: canaryOf(app) },
      ...app.spec,
    },
  };
}

/** Its pod template: also that of a Deployment which `workloadRef` names. */
export function templateOf({ image = '1', ready, readyAfter }: App): object {
  const annotations = {
    ...(ready !== undefined && { [KWOK_ANNOTATIONS.ready]: ready }),
    ...(readyAfter !== undefined && { [KWOK_ANNOTATIONS.readyAfter]: readyAfter }),
  };
  return {
    metadata: { labels: APP_LABELS, ...(Object.keys(annotations).length > 0 && { annotations }) },
    spec: { containers: [{ name: 'someapp', image: `someapp:${image}` }] },
  };
}

function canaryOf({ steps = [], mappings = ['app'], canary = {} }: App): object {
  const isDynamic = 'dynamicStableScale' in canary;
  return {
    stableService: SERVICE.stable,
    canaryService: SERVICE.canary,
    trafficRouting: { ambassador: { mappings } },
    // With dynamicStableScale the one is not allowed, and the other means something else.
    ...(!isDynamic && { scaleDownDelaySeconds: DELAY_SECONDS, abortScaleDownDelaySeconds: DELAY_SECONDS }),
    steps,
    ...canary,
  };
}
