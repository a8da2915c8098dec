import type { Observed } from './trial.ts';

/** When what happened to the weights of a rollout, a line each: for whoever has to find out why a promise was broken. */
export function timelineOf({ startedMs, writes, commands, requests }: Observed): string[] {
  const happened: (readonly [atMs: number | undefined, what: string])[] = [
    ...writes.map(({ atMs, mapping, weight }) => [atMs, `${mapping} is ${weight}`] as const),
    ...commands.flatMap(({ name, sentMs, answeredMs }) => [
      [sentMs, `${name} is sent`] as const,
      [answeredMs, `${name} is answered`] as const,
    ]),
    ...requests
      .filter(({ key }) => /^(POST|PATCH|DELETE)\.mappings/.test(key))
      .flatMap(({ key, atMs, forwardedMs, status }) => [
        [atMs, `${key} comes from the worker`] as const,
        [forwardedMs, `${key} goes to the API server (${status ?? 'no answer'})`] as const,
      ]),
  ];
  return happened
    .flatMap(([atMs, what]) => (atMs === undefined ? [] : [{ afterMs: atMs - startedMs, what }]))
    .toSorted((a, b) => a.afterMs - b.afterMs)
    .map(({ afterMs, what }) => `${afterMs} ms: ${what}`);
}
