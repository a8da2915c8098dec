import { condition, log, patched, setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { SearchAttributeType, defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import { SEARCH_ATTRIBUTES, type RolloutEvent, type RunRef } from '@weir/contract';
import {
  phaseOf,
  renderDetails,
  rolloutStatus,
  runSummary,
  type Action,
  type RolloutStatus,
  type Run,
} from '@weir/rollout';
import { cleanup } from './activities.ts';
import { combined } from './combined-events.ts';

const KEYS = {
  namespace: defineSearchAttributeKey(SEARCH_ATTRIBUTES.namespace.name, SearchAttributeType.KEYWORD),
  rollout: defineSearchAttributeKey(SEARCH_ATTRIBUTES.rollout.name, SearchAttributeType.KEYWORD),
  phase: defineSearchAttributeKey(SEARCH_ATTRIBUTES.phase.name, SearchAttributeType.KEYWORD),
  revision: defineSearchAttributeKey(SEARCH_ATTRIBUTES.revision.name, SearchAttributeType.KEYWORD),
  step: defineSearchAttributeKey(SEARCH_ATTRIBUTES.step.name, SearchAttributeType.INT),
  weight: defineSearchAttributeKey(SEARCH_ATTRIBUTES.weight.name, SearchAttributeType.INT),
};

/** After a change that is not told at once: long against the tenth of a second that a step takes, short against a person's patience. */
const GATHER_TIME = '5 seconds';

/**
 * What is told at once. In histories from before 2026-11-23 each change; from before 2026-11-30 another phase, and that the run
 * waits for something. Since then another phase or generation; that it is Healthy when nothing more is done for that (docs/adr/0026).
 */
type Pace = 'changes' | 'rests' | 'turns';

/** @param isLean - false in histories from before 2026-11-23. Must be asked where a run begins, and once */
export function paceOf(isLean: boolean): Pace {
  if (!isLean) {
    return 'changes';
  }
  return patched('2026-11-30-fewer-reports') ? 'turns' : 'rests';
}

/** What a run does: something, or it waits, or it is about to end. */
type Standing = 'works' | 'waits' | 'ends';

/**
 * Tells the world where a run stands: the Rollout's status, Kubernetes Events, the Temporal UI. It runs beside the run, so
 * that it never holds a weight back: one status write in flight, the newest wins, what is left is flushed before the run closes.
 */
export class Reporter {
  private newest: Run | undefined;
  private standing: Standing = 'works';
  /** What was reported last. A run that begins has none: that it has begun is told at once. */
  private last: (Pick<RolloutStatus, 'phase' | 'conditions'> & { readonly generation: number }) | undefined;
  private events: readonly RolloutEvent[];
  private nextEventId = 1;
  private shown = '';
  private writing = false;

  /**
   * @param pending - Events that an execution before this one could not write
   */
  constructor(
    private readonly ref: RunRef,
    private readonly pace: Pace,
    pending: readonly RolloutEvent[] = [],
  ) {
    this.events = pending;
  }

  pendingEvents(): readonly RolloutEvent[] {
    return this.events;
  }

  /** Notes that the run changed. */
  changed(run: Run): void {
    this.newest = run;
    setCurrentDetails(renderDetails(run));
    if (this.pace === 'changes') {
      this.upsertSearchAttributes(run);
    }
  }

  /** Notes what the run does next. One that waits may stay for long what it is now. */
  does(action: Action['kind']): void {
    this.standing = action === 'close' ? 'ends' : action === 'wait' ? 'waits' : 'works';
  }

  /** Notes an Event for the Rollout. */
  event(type: RolloutEvent['type'], reason: string, message: string, nowMs: number): void {
    const id = `${workflowInfo().runId}/${this.nextEventId++}`;
    this.events = [...this.events, { id, atMs: nowMs, type, reason, message }];
  }

  /** Writes until told that the run is over; never rejects. */
  async work(isOver: () => boolean): Promise<void> {
    for (;;) {
      await condition(() => this.newest !== undefined || isOver());
      if (this.pace !== 'changes') {
        await condition(() => this.isDue() || isOver(), GATHER_TIME, { summary: 'gather what is to be reported' });
      }
      if (this.newest === undefined) {
        return;
      }
      await this.write(this.newest);
    }
  }

  /** The run with the conditions as they were reported last: how long each has been what it is goes by that. */
  asReported(run: Run): Run {
    return this.last === undefined ? run : { ...run, conditions: this.last.conditions };
  }

  /** Whether everything has been written. */
  isIdle(): boolean {
    return this.newest === undefined && !this.writing;
  }

  private isDue(): boolean {
    const { newest, last, standing, pace } = this;
    if (standing === 'ends' || (standing === 'waits' && pace === 'rests')) {
      return true;
    }
    if (newest?.uid === undefined) {
      return false;
    }
    const { phase } = phaseOf(newest);
    if (pace === 'rests') {
      return phase !== last?.phase;
    }
    const isAnother = phase !== last?.phase || newest.generation !== last.generation;
    return isAnother && (phase !== 'Healthy' || standing === 'waits');
  }

  private async write(run: Run): Promise<void> {
    const { events } = this;
    this.newest = undefined;
    if (this.pace !== 'changes') {
      this.upsertSearchAttributes(run);
    }
    if (run.uid === undefined) {
      return; // There is no Rollout to write to.
    }
    this.writing = true;
    const atMs = Date.now();
    const status = rolloutStatus(this.asReported(run), atMs);
    this.last = { phase: status.phase, conditions: status.conditions, generation: run.generation };
    try {
      await cleanup.reportStatus.executeWithOptions({ summary: `status: ${status.phase}` }, [
        { ...this.ref, uid: run.uid, atMs, status, summary: runSummary(run), events: combined(events) },
      ]);
      this.events = this.events.filter((event) => !events.includes(event));
    } catch (error) {
      // Refused for good (RBAC, a foreign CRD): traffic must not hang on it, and the next change tries again.
      log.warn('the status of the Rollout could not be written', { error });
    } finally {
      this.writing = false;
    }
  }

  private upsertSearchAttributes(run: Run): void {
    const { phase } = phaseOf(run);
    const attributes: SearchAttributePair[] = [
      { key: KEYS.namespace, value: this.ref.rollout.namespace },
      { key: KEYS.rollout, value: this.ref.rollout.name },
      { key: KEYS.phase, value: phase },
      { key: KEYS.step, value: run.stepIndex },
      { key: KEYS.weight, value: run.writtenWeight },
      ...(run.revision.canary === '' ? [] : [{ key: KEYS.revision, value: run.revision.canary }]),
    ];
    // Each upsert is an event and a write to the visibility store: only when something differs.
    const shown = JSON.stringify(attributes.map(({ value }) => value));
    if (shown !== this.shown) {
      this.shown = shown;
      upsertSearchAttributes(attributes);
    }
  }
}
