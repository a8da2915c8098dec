import type { Outcome, RolloutStatus } from '@weir/rollout';
import { rollout, type ManifestStep } from '../support/objects.ts';
import { manifestOf } from '../support/workload-app.ts';

/** A pause of the plan: the weight after it may not be written before it is over. */
export interface PlannedPause {
  readonly after: number;
  readonly before: number;
  readonly ms: number;
}

/** What a scenario can do; a fault may strike at each of these. */
export interface Actor {
  /** PUTs that version of the manifest. */
  put(version: number): Promise<void>;
  /** Returns when the Rollout says that it is paused in the step of that index. */
  paused(stepIndex: number): Promise<void>;
  command(name: 'promote' | 'abort'): Promise<void>;
  /** Gives the command while the first request to write that weight is held before the API server. */
  commandWhileWriting(mapping: string, weight: number, name: 'abort'): Promise<void>;
}

export interface Scenario {
  readonly name: string;
  /** Whether Weir runs the pods; otherwise it moves traffic only. */
  readonly pods: boolean;
  /** Names of the stable Mappings. */
  readonly mappings: readonly string[];
  readonly manifest: (version: number) => object;
  readonly pauses: readonly PlannedPause[];
  /** Weights that must not be written before that command was sent. */
  readonly held: readonly { readonly weight: number; readonly until: string }[];
  readonly ends: { readonly phase: RolloutStatus['phase']; readonly outcome: Outcome };
  readonly act: (actor: Actor) => Promise<void>;
}

/** Name of the Rollout of every scenario. */
export const NAME = 'someapp';
/** Version 1 serves already, where Weir runs the pods; the rollout is that of version 2. */
export const FIRST_VERSION = 2;

type Steps = (version: number) => readonly ManifestStep[];

const untilPromoted: ManifestStep = { pause: {} };
const pauseOf = (ms: number): ManifestStep => ({ pause: { duration: ms / 1_000 } });
/** Long enough that a worker is back before its end on a busy machine, and short enough for some hundred rollouts an hour. */
const PAUSE_MS = 3_000;
const pause = (after: number, before: number): PlannedPause => ({ after, before, ms: PAUSE_MS });

function scenario(parts: Pick<Scenario, 'name' | 'pods' | 'act' | 'ends'> & Partial<Scenario>, steps: Steps): Scenario {
  const { pods, mappings = ['app'] } = parts;
  const manifest = (version: number): object =>
    pods
      ? manifestOf(NAME, { image: String(version), steps: steps(version), mappings })
      : rollout(NAME, steps(version), mappings);
  return { mappings, manifest, pauses: [], held: [], ...parts };
}

const TO_PROMOTION: readonly ManifestStep[] = [{ setWeight: 30 }, pauseOf(PAUSE_MS), { setWeight: 60 }, untilPromoted];
const PROMOTED = {
  pauses: [pause(30, 60)],
  held: [{ weight: 100, until: 'promote' }],
  ends: { phase: 'Healthy', outcome: 'promoted' },
  act: async (actor) => {
    await actor.put(FIRST_VERSION);
    await actor.paused(3);
    await actor.command('promote');
  },
} as const satisfies Partial<Scenario>;

const ABORTED = { phase: 'Degraded', outcome: 'aborted' } as const;

const ABORTED_IN_PAUSE = {
  pauses: [pause(20, 40)],
  ends: ABORTED,
  act: async (actor) => {
    await actor.put(FIRST_VERSION);
    await actor.paused(3);
    await actor.command('abort');
  },
} as const satisfies Partial<Scenario>;
const TO_ABORT: readonly ManifestStep[] = [{ setWeight: 20 }, pauseOf(PAUSE_MS), { setWeight: 40 }, untilPromoted];

const ABORTED_IN_STEP = {
  pauses: [],
  ends: ABORTED,
  act: async (actor) => {
    const aborted = actor.commandWhileWriting('app0-canary', 60, 'abort');
    await actor.put(FIRST_VERSION);
    await aborted;
  },
} as const satisfies Partial<Scenario>;

const SUPERSEDED = {
  pauses: [pause(40, 70)],
  held: PROMOTED.held,
  ends: PROMOTED.ends,
  act: async (actor) => {
    await actor.put(FIRST_VERSION);
    await actor.paused(1);
    await actor.put(FIRST_VERSION + 1);
    await actor.paused(3);
    await actor.command('promote');
  },
} as const satisfies Partial<Scenario>;
const superseding: Steps = (version) =>
  version <= FIRST_VERSION
    ? [{ setWeight: 30 }, untilPromoted]
    : [{ setWeight: 40 }, pauseOf(PAUSE_MS), { setWeight: 70 }, untilPromoted];

const FIVE_MAPPINGS = {
  ...PROMOTED,
  mappings: ['app-1', 'app-2', 'app-3', 'app-4', 'app-5'],
} as const satisfies Partial<Scenario>;

export const SCENARIOS: readonly Scenario[] = [
  scenario({ name: 'promoted', pods: true, ...PROMOTED }, () => TO_PROMOTION),
  scenario({ name: 'aborted-in-pause', pods: true, ...ABORTED_IN_PAUSE }, () => TO_ABORT),
  scenario({ name: 'aborted-in-step', pods: false, ...ABORTED_IN_STEP }, () => TO_PROMOTION),
  scenario({ name: 'superseded', pods: true, ...SUPERSEDED }, superseding),
  scenario({ name: 'five-mappings', pods: false, ...FIVE_MAPPINGS }, () => TO_PROMOTION),
];

/** @throws Error that names those that there are */
export function scenarioOf(name: string): Scenario {
  const found = SCENARIOS.find((one) => one.name === name);
  if (found === undefined) {
    throw new Error(`there is no scenario ${name}; there are ${SCENARIOS.map((one) => one.name).join(', ')}`);
  }
  return found;
}
