/** As many as a client sends at once that does not want to be throttled. */
const AT_ONCE = 10;

/** Does it for each, some at a time. */
export async function inTurns<T>(all: readonly T[], each: (one: T) => Promise<void>, atOnce = AT_ONCE): Promise<void> {
  const left = [...all];
  const work = async (): Promise<void> => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) {
      await each(one);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, all.length) }, work));
}
