import { describe, expect, it } from '@jest/globals';
import type { Host, Mapping } from '@weir/mapping';
import { asTheGatewayReads } from './conversion.ts';
import { mapping } from './testing/objects.ts';

const hostless = { hostname: undefined };
const writtenIn = (...versions: string[]): Partial<Mapping['metadata']> => ({
  managedFields: versions.map((apiVersion) => ({ apiVersion, manager: 'somebody' })),
});
const V2 = writtenIn('getambassador.io/v2');
const V3 = writtenIn('getambassador.io/v3alpha1');
const host: Host = { metadata: { name: 'host' }, spec: { mappingSelector: { matchLabels: { edge: 'yes' } } } };

/** The hostnames by name, after the conversion. */
function hostnames(mappings: readonly Mapping[], hosts: readonly Host[] = []): Record<string, unknown> {
  const read = asTheGatewayReads(mappings, hosts);
  return Object.fromEntries(read.map(({ metadata, spec }) => [metadata.name, spec['hostname']]));
}

describe('a Mapping as the gateway reads it', () => {
  it.each<[string, Mapping, unknown]>([
    ['was written in v2 without a host: every host', mapping('app', hostless, V2), '*'],
    ['was written in v2 with a host: that one', mapping('app', { ...hostless, host: 'a.example' }, V2), 'a.example'],
    [
      'was written in v2, and changed in v3alpha1 later: every host',
      mapping('app', hostless, writtenIn('getambassador.io/v2', 'getambassador.io/v3alpha1')),
      '*',
    ],
    ['was written in v3alpha1 without a hostname: none', mapping('app', hostless, V3), undefined],
    ['was written in v3alpha1 with one: that one', mapping('app', { hostname: 'b.example' }, V3), 'b.example'],
    ['says nothing of its writers: as it is', mapping('app', hostless), undefined],
  ])('that %s', (_, given, expected) => {
    expect(hostnames([given])).toEqual({ app: expected });
  });

  it('that a Host selects keeps its lack of a host: there the labels decide', () => {
    const labelled = mapping('app', hostless, { ...V2, labels: { edge: 'yes', app: 'a' } });
    expect(hostnames([labelled], [host])).toEqual({ app: undefined });
    expect(hostnames([mapping('app', hostless, V2)], [host])).toEqual({ app: '*' });
  });
});

describe('a canary Mapping in v3alpha1 without a hostname', () => {
  const canary = mapping('app0-canary', hostless, V3);

  it.each<[string, Mapping[], unknown]>([
    ['was written in v2: every host, as the copy has behind the webhook', [mapping('app', hostless, V2)], '*'],
    ['was written in v3alpha1: none', [mapping('app', hostless, V3)], undefined],
    ['is gone: every host, so that it goes on', [], '*'],
    ['is in another namespace: that is not its own', [mapping('app', hostless, { ...V3, namespace: 'other' })], '*'],
  ])('whose stable one %s', (_, others, expected) => {
    expect(hostnames([...others, canary])).toHaveProperty('app0-canary', expected);
  });
});
