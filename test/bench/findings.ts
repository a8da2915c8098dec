import { figuresOf, type Figure, type Sample } from './figures.ts';

/** What a run of the bench has found so far: a part that fails takes nothing along that was found before. */
export class Findings {
  private readonly samples: Sample[] = [];
  /** What could not be measured, and why. */
  readonly failures: string[] = [];
  /** What there was no time for. */
  readonly leftOut: string[] = [];

  /** @param isOver - whether nothing new is begun any more */
  constructor(private readonly isOver: () => boolean = () => false) {}

  /** Whether there is time for that; notes it when there is not. */
  hasTimeFor(what: string): boolean {
    const isOver = this.isOver();
    if (isOver) {
      this.leftOut.push(what);
    }
    return !isOver;
  }

  /** Does a part of the whole; notes it when it fails. */
  async attempt(what: string, part: () => Promise<void>): Promise<void> {
    try {
      await part();
    } catch (error) {
      this.failures.push(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
  }

  /** @throws RangeError for a sample without values; then none is added */
  add(samples: readonly Sample[]): void {
    figuresOf(samples);
    this.samples.push(...samples);
  }

  get figures(): Figure[] {
    return figuresOf(this.samples);
  }
}
