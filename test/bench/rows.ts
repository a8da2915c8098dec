/** What is measured, by the names of the table's rows; targets and measurements share them. */

/** By this name a bare PATCH has rows of its own: whether the machine was the same for each side. */
export const BARE_PATCH = 'a bare PATCH of a Mapping';

export const COURSE = {
  first: 'update to first canary weight',
  weight: (weight: number) => `update to weight ${weight}`,
  switched: 'update to stable Service switched',
  gone: 'update to canary Mapping gone',
} as const;

export const STORM = { promote: 'promote to the next weight', abort: 'abort to weight 0' } as const;

export const REQUESTS = {
  own: 'API requests a rollout, of the tool',
  all: 'API requests a rollout, with those of the controllers',
} as const;

/** What of Weir's memory and CPU is read; the names are those of the sandbox's processes. */
export const PROCESSES = { worker: 'the worker', api: 'the API', temporal: 'Temporal' } as const;
export type ProcessOfWeir = keyof typeof PROCESSES;

export const PAUSED = {
  memory: (process: ProcessOfWeir) => `memory of ${PROCESSES[process]}`,
  cpu: (process: ProcessOfWeir) => `CPU of ${PROCESSES[process]} at rest`,
  growth: 'memory of the worker, a paused rollout more',
} as const;

/** In this order each rollout can take them all, and is as it was afterwards. */
export const COMMANDS = ['pause', 'resume', 'promote', 'skip', 'abort', 'retry'] as const;
export type Command = (typeof COMMANDS)[number];

export const COMMAND = {
  answered: (command: Command) => `${command} by REST to its answer`,
  written: (command: Command) => `${command} by REST to its weight`,
} as const;

export const TIMERS = {
  fired: 'end of a pause to its timer fired',
  written: 'end of a pause to the next weight',
} as const;

export const CRASH = {
  none: 'end of a pause to the next weight, two workers',
  oneOfTwo: 'SIGKILL of one of two workers, or end of the pause if later, to the next weight',
  only: 'only worker ready again after SIGKILL, or end of the pause if later, to the next weight',
} as const;

export const DRIFT = {
  all: 'an edit to its repair',
  edited: '… of a weight by hand',
  deleted: '… a canary Mapping that was deleted',
  carried: '… of a stable Mapping',
} as const;

export const BRAKE = { braked: 'abort by REST to weight 0', answered: 'abort by REST to its answer' } as const;

export const IDLE_CPU = 'CPU of worker, API and Temporal meanwhile';

/** One after the other is one at a time: the servers have nothing else to do. */
export const ONE_AT_A_TIME = 'one at a time';

/** @param mappings - of each rollout */
export function whenAtOnce(count: number, mappings = 1): string {
  return `${count} at once${mappings === 1 ? '' : `, ${mappings} Mappings`}`;
}

export function whenPaused(count: number): string {
  return `${count} paused`;
}

/** @param count - of other rollouts */
export function whenBusy(count: number): string {
  return count === 0 ? 'idle' : `${count} others under way`;
}

/** @param pauseSeconds - between two weights of each; absent: in the row's own words */
export function whenUnderWay(count: number, pauseSeconds?: number): string {
  return `${count} under way${pauseSeconds === undefined ? '' : `, pauses of ${pauseSeconds} s`}`;
}
