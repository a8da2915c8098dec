const REPEAT_EVERY_MS = 10_000;

/** Shows a line that changes: rewritten in place on a terminal, otherwise printed when it matters. */
export class ProgressDisplay {
  readonly #out: NodeJS.WriteStream;
  #shownKey = '';
  #shownAt = 0;
  #open = false;
  /** Without a terminal: what was not worth a line until something new came. */
  #unprinted: string | undefined;
  #lastPrinted = '';

  constructor(out: NodeJS.WriteStream = process.stdout) {
    this.#out = out;
  }

  /** @param key - says whether the line says something new, as opposed to less time left. */
  show(line: string, key: string, nowMs: number): void {
    const changed = key !== this.#shownKey;
    // A new state begins a new line, so that the way there stays to be read, with the last that was said of it.
    if (changed) {
      this.finish();
    }
    if (this.#out.isTTY) {
      this.#out.write(`\r\u001b[K${line.slice(0, Math.max(20, this.#out.columns - 1))}`);
      this.#open = true;
    } else if (changed || nowMs - this.#shownAt >= REPEAT_EVERY_MS) {
      this.#out.write(`${line}\n`);
      this.#shownAt = nowMs;
      this.#lastPrinted = line;
      this.#unprinted = undefined;
    } else if (line !== this.#lastPrinted) {
      this.#unprinted = line;
    }
    this.#shownKey = key;
  }

  /** Ends the line that is being rewritten, so that other output begins on one of its own. */
  finish(): void {
    if (this.#open) {
      this.#out.write('\n');
    }
    if (this.#unprinted !== undefined) {
      this.#out.write(`${this.#unprinted}\n`);
    }
    this.#open = false;
    this.#unprinted = undefined;
  }
}
