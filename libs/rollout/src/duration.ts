const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** Argo keeps a pause in an int32 of seconds: about 68 years. */
export const MAX_PAUSE_SECONDS = 2 ** 31 - 1;

const GO_DURATION = /^(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h)/;

/**
 * A pause's `duration` as Argo takes it: whole seconds as a number or digits (`60`, `"60"`), or a Go duration (`"1h30m"`),
 * which is cut to whole seconds.
 *
 * @returns milliseconds, or undefined when it is no duration of at least one second (or is past int32 seconds)
 */
export function parsePauseDurationMs(value: unknown): number | undefined {
  const seconds = typeof value === 'number' ? value : typeof value === 'string' ? parseSeconds(value) : undefined;
  if (seconds === undefined || !Number.isInteger(seconds) || seconds < 1 || seconds > MAX_PAUSE_SECONDS) {
    return undefined;
  }
  return seconds * 1_000;
}

function parseSeconds(text: string): number | undefined {
  if (/^\d+$/.test(text)) {
    return Number(text);
  }
  let rest = text;
  let totalMs = 0;
  while (rest !== '') {
    const part = GO_DURATION.exec(rest)?.[0];
    if (part === undefined) {
      return undefined;
    }
    const amount = Number.parseFloat(part);
    const unit = part.replace(/^[\d.]+/, '');
    totalMs += amount * (UNIT_MS[unit] ?? Number.NaN);
    rest = rest.slice(part.length);
  }
  return text === '' ? undefined : Math.trunc(Number((totalMs / 1_000).toFixed(9)));
}

/** `90000` becomes `1m30s`: the form in which a person wrote it, or could have. */
export function formatDuration(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1_000));
  const parts: [number, string][] = [
    [Math.floor(seconds / 3_600), 'h'],
    [Math.floor((seconds % 3_600) / 60), 'm'],
    [seconds % 60, 's'],
  ];
  const text = parts
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join('');
  return text === '' ? '0s' : text;
}
