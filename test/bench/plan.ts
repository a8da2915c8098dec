import type { BrakeCase } from './brake.ts';
import type { CourseCase } from './course.ts';
import type { CrashCase } from './crash.ts';
import type { SideName } from './figures.ts';
import type { PausedCase } from './paused.ts';

/** A case that each side is measured in, in turn. */
export interface Sided {
  /** How often each side has its turn; default once. */
  readonly turns?: number;
  /** Sides that are left out, and why. */
  readonly without?: readonly SideName[];
}

/** How much of each thing is measured. */
export interface Plan {
  readonly courses: readonly (CourseCase & Sided)[];
  /** Courses of so many rollouts that they take longer than all else. */
  readonly crowds: readonly (CourseCase & Sided)[];
  readonly requests: readonly (Omit<CourseCase, 'rounds'> & Sided)[];
  /** Edits. */
  readonly drift: number;
  readonly brakes: readonly BrakeCase[];
  /** Pauses of each of ten rollouts. */
  readonly timers: number;
  readonly paused: PausedCase;
  readonly crash: readonly CrashCase[];
  /** What is left out, for whoever reads the table. */
  readonly notes: readonly string[];
  /** Nothing new is begun after so many minutes; what is under way then takes some minutes more. */
  readonly minutes: number;
}

/** With 40 requests a second 300 first deploys take minutes, and so does each thing that is then measured: half an hour in all. */
const TOO_SLOW: readonly SideName[] = ['argo'];

/** Under an hour on two cores, the peer included. */
export const FULL: Plan = {
  courses: [
    { count: 1, mappings: 1, rounds: 6, turns: 2 },
    { count: 1, mappings: 5, rounds: 4, turns: 2 },
    { count: 10, mappings: 1, rounds: 1, turns: 3, storms: ['oneByOne'] },
    { count: 100, mappings: 1, rounds: 1, storms: ['atOnce'] },
  ],
  crowds: [{ count: 300, mappings: 1, rounds: 1, storms: ['atOnce'], without: TOO_SLOW }],
  requests: [
    { count: 10, mappings: 1 },
    { count: 10, mappings: 5, without: ['argoTuned'] },
  ],
  drift: 100,
  brakes: [
    { aborts: 50, busy: 0 },
    { aborts: 50, busy: 200 },
  ],
  timers: 25,
  // The first count fills the cache of the worker (apps/worker: at most 500 runs).
  paused: { counts: [500, 2_000], commanded: 100, settleMs: 15_000, restMs: 15_000 },
  crash: [
    { rollouts: 20, pauseMs: 5_000, oneOfTwo: 5, only: 2 },
    // Two cores are near their limit: what a kill costs where it meets runs in the very moment that they decide.
    { rollouts: 20, pauseMs: 1_000, oneOfTwo: 3, only: 1 },
  ],
  notes: [
    'Argo Rollouts with default flags is left out of 300 at once: its rate limit makes that half an hour, and the whole would be over one.',
  ],
  minutes: 50,
};

/** Under ten minutes. */
export const QUICK: Plan = {
  courses: [
    { count: 1, mappings: 1, rounds: 3 },
    { count: 1, mappings: 5, rounds: 2 },
    { count: 10, mappings: 1, rounds: 1, storms: ['oneByOne', 'atOnce'] },
  ],
  crowds: [],
  requests: [{ count: 10, mappings: 1, without: ['argoTuned'] }],
  drift: 30,
  brakes: [
    { aborts: 10, busy: 0 },
    { aborts: 10, busy: 30 },
  ],
  timers: 5,
  paused: { counts: [50], commanded: 15, settleMs: 5_000, restMs: 10_000 },
  crash: [{ rollouts: 20, pauseMs: 5_000, oneOfTwo: 1, only: 1 }],
  notes: [
    '--quick: a p99 of a few values is their largest; targets are judged where the case is the same as in the full run.',
  ],
  minutes: 9,
};
