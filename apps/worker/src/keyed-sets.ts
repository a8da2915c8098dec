/** Several values by each key; a key without any is forgotten. */
export class KeyedSets {
  private readonly sets = new Map<string, Set<string>>();

  of(key: string): readonly string[] {
    return [...(this.sets.get(key) ?? [])];
  }

  add(key: string, value: string): void {
    this.sets.set(key, (this.sets.get(key) ?? new Set()).add(value));
  }

  delete(key: string, value: string): void {
    const values = this.sets.get(key);
    values?.delete(value);
    if (values?.size === 0) {
      this.sets.delete(key);
    }
  }

  clear(): void {
    this.sets.clear();
  }
}
