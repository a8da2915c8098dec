import { replay, type Replayed } from './replay.ts';
import { GONE, type Trace } from './snapshot.ts';

/** What a scenario did, as people read it. */
export interface Course {
  /** Weir's writes in order, with what the test did between them as `#` lines. Neighbours that may have gone in parallel are one line, so that chance does not show. */
  readonly writes: readonly string[];
  /** Phases of the Rollout, with the head of the message where it does not depend on how fast things go. */
  readonly phases: readonly string[];
}

export function courseOf(trace: Trace): Course {
  return { writes: linesOf(replay(trace).flatMap(noteOf)), phases: phasesOf(trace) };
}

/** One write in words. Notes with the same `what` and another subject that follow each other become one line. */
interface Note {
  readonly what: string;
  readonly subject: string;
  readonly render: (subjects: readonly string[]) => string;
}

function noteOf({ write, after }: Replayed): readonly Note[] {
  const isGone = 'to' in write && write.to === GONE;
  // Deletions carry no author. The garbage collector takes the ReplicaSets of a Rollout that is gone in its own time.
  if (isGone ? write.kind === 'scale' && after.rollout?.deleting === true : !write.byWeir && write.kind !== 'deed') {
    return [];
  }
  switch (write.kind) {
    case 'weight':
      return [note(`mapping: ${write.to}`, write.mapping, (names) => `${some('mapping', names)}: ${write.to}`)];
    case 'selector': {
      const revision = `rev ${(write.hash && after.revisions.get(write.hash)?.revision) ?? '?'}`;
      return [note(revision, write.service, (names) => `${some('Service', names)} -> ${revision}`)];
    }
    case 'scale':
      return [note('pods', `rev ${write.revision}: ${podsOf(write.to)}`, (sizes) => sizes.join(', '))];
    case 'deed':
      return [note(`deed at ${write.resourceVersion}`, write.what, ([what]) => `# ${what}`)];
    case 'renumber':
      return [note('number', `rev ${write.from} is now rev ${write.to}`, (changes) => changes.join(', '))];
  }
}

function note(what: string, subject: string, render: Note['render']): Note {
  return { what, subject, render };
}

function some(kind: string, names: readonly string[]): string {
  return `${kind}${names.length > 1 ? 's' : ''} ${names.join(', ')}`;
}

function podsOf(size: number | typeof GONE): string {
  return size === GONE ? GONE : `${size} ${size === 1 ? 'pod' : 'pods'}`;
}

function linesOf(notes: readonly Note[]): string[] {
  const groups: Note[][] = [];
  for (const one of notes) {
    const group = groups.at(-1);
    const joins = group !== undefined && group[0]?.what === one.what && group.every((other) => !isSame(other, one));
    if (joins) {
      group.push(one);
    } else {
      groups.push([one]);
    }
  }
  return groups.flatMap(([first, ...others]) =>
    first === undefined ? [] : [first.render([first, ...others].map(({ subject }) => subject).sort())],
  );
}

/** Two writes to one object have an order: `rev 1: 3 pods` and `rev 1: 4 pods` are about the same. */
function isSame(a: Note, b: Note): boolean {
  return a.subject.split(':')[0] === b.subject.split(':')[0];
}

function phasesOf(trace: Trace): string[] {
  // What is told of a Rollout that is being deleted depends on what is faster, the report or its end.
  const phases = trace.flatMap((snapshot) =>
    snapshot.kind === 'rollout' && snapshot.phase !== undefined && !snapshot.deleting
      ? [phaseLine(snapshot.phase, snapshot.message)]
      : [],
  );
  return phases.filter((phase, index) => phase !== phases[index - 1]);
}

function phaseLine(phase: string, message = ''): string {
  // How much is said of progress depends on what the reporter, which writes only the newest, has time for.
  const head = phase === 'Progressing' ? '' : message.split(':')[0];
  return `${phase} ${head}`.trim();
}
