/**
 * A pure function of an object that nobody changes, computed once for each: a worker asks about each of thousands of Mappings that
 * its watch has seen whenever a run begins, and about the same steps with each report. What is known of an object goes with it.
 */
export function onceEach<K extends object, V extends object | string>(compute: (of: K) => V): (of: K) => V {
  const known = new WeakMap<K, V>();
  return (of) => {
    const before = known.get(of);
    if (before !== undefined) {
      return before;
    }
    const value = compute(of);
    known.set(of, value);
    return value;
  };
}
