import { describe, expect, test } from '@jest/globals';
import { readWorkerSettings } from './settings.ts';

const URLS = 'WEIR_GATEWAY_DIAGNOSTICS_URLS';
const SERVICE = 'WEIR_GATEWAY_DIAGNOSTICS_SERVICE';

describe('the settings of the worker', () => {
  test('need nothing: then no gateway is asked', () => {
    const read = readWorkerSettings({});
    expect(read[URLS]).toBeUndefined();
    expect(read[SERVICE]).toBeUndefined();
    expect(read.WEIR_TASK_QUEUE).toBe('weir');
  });

  test.each<[string, string, readonly string[] | undefined]>([
    ['one URL', 'http://127.0.0.1:8877', ['http://127.0.0.1:8877']],
    ['several, with spaces around', 'http://a:1 , https://b', ['http://a:1', 'https://b']],
    ['a slash at the end, which is taken off', 'http://a:1/', ['http://a:1']],
    ['a path, which is kept', 'http://a/gateway/', ['http://a/gateway']],
    ['one URL twice, which is one instance', 'http://a,http://a/', ['http://a']],
    ['nothing, as compose files pass it on', '', undefined],
  ])('take as diagnostics URLs %s', (_name, text, expected) => {
    expect(readWorkerSettings({ [URLS]: text })[URLS]).toEqual(expected);
  });

  test.each([
    ['a host alone', 'gateway:8877'],
    ['a relative URL', '/diag'],
    ['another protocol', 'ftp://gateway'],
    ['a query', 'http://gateway?json=true'],
    ['an empty query', 'http://gateway/?'],
    ['a fragment', 'http://gateway#top'],
    ['a password, which would be logged', 'http://me:secret@gateway'],
    ['an empty one among others', 'http://a,,http://b'],
    ['a comma at the end', 'http://a,'],
  ])('refuse as diagnostics URLs %s', (_name, text) => {
    expect(() => readWorkerSettings({ [URLS]: text })).toThrow(/WEIR_GATEWAY_DIAGNOSTICS_URLS has .* must be absolute/);
  });

  test('take a Service by namespace, name and port', () => {
    const expected = { namespace: 'emissary', name: 'emissary-ingress-admin', port: 8877 };
    expect(readWorkerSettings({ [SERVICE]: 'emissary/emissary-ingress-admin:8877' })[SERVICE]).toEqual(expected);
  });

  test.each([
    ['no namespace', 'admin:8877'],
    ['no port', 'emissary/admin'],
    ['a named port', 'emissary/admin:http'],
    ['port 0', 'emissary/admin:0'],
    ['a port that is none', 'emissary/admin:65536'],
    ['a name that Kubernetes would not take', 'emissary/Admin:8877'],
    ['a URL', 'http://admin:8877'],
  ])('refuse as a Service %s', (_name, text) => {
    expect(() => readWorkerSettings({ [SERVICE]: text })).toThrow(
      /WEIR_GATEWAY_DIAGNOSTICS_SERVICE is .* must be namespace\/name:port/,
    );
  });

  test('refuse URLs and a Service at once: which of the two counts?', () => {
    const both = { [URLS]: 'http://a', [SERVICE]: 'emissary/admin:8877' };
    expect(() => readWorkerSettings(both)).toThrow(/both set; set the one or the other/);
  });

  test('name every bad variable in one error', () => {
    const bad = { [URLS]: 'x', [SERVICE]: 'y', WEIR_WORKER_HEALTH_PORT: 'z' };
    expect(() => readWorkerSettings(bad)).toThrow(/HEALTH_PORT .*DIAGNOSTICS_URLS .*DIAGNOSTICS_SERVICE /);
  });

  test('refuse a version of Mapping that nobody knows', () => {
    expect(() => readWorkerSettings({ WEIR_MAPPING_API_VERSION: 'v9' })).toThrow(/WEIR_MAPPING_API_VERSION is v9/);
  });
});
