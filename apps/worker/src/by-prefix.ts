import type { Mapping } from '@weir/mapping';
import { KeyedSets } from './keyed-sets.ts';

/** Which Mappings have which prefix: of all that there are only these can be on one route. */
export class ByPrefix {
  private readonly keys = new KeyedSets();
  private readonly prefixes = new Map<string, string>();

  set(key: string, { spec: { prefix = '' } }: Pick<Mapping, 'spec'>): void {
    if (this.prefixes.get(key) !== prefix) {
      this.delete(key);
      this.prefixes.set(key, prefix);
      this.keys.add(prefix, key);
    }
  }

  delete(key: string): void {
    const prefix = this.prefixes.get(key) ?? '';
    this.prefixes.delete(key);
    this.keys.delete(prefix, key);
  }

  /** Keys of the others with the prefix of that Mapping. */
  besides(key: string): readonly string[] {
    const prefix = this.prefixes.get(key);
    return prefix === undefined ? [] : this.keys.of(prefix).filter((one) => one !== key);
  }

  clear(): void {
    this.keys.clear();
    this.prefixes.clear();
  }
}
