import { describe, expect, test } from '@jest/globals';
import { readApiSettings } from './settings.ts';

describe('settings', () => {
  test('listen on loopback, port 8080, when nothing is set', () => {
    expect(readApiSettings({})).toMatchObject({ WEIR_API_HOST: '127.0.0.1', WEIR_API_PORT: 8080 });
  });

  test('take an empty variable as absent', () => {
    expect(readApiSettings({ WEIR_API_HOST: '', WEIR_API_INSECURE_BIND: '' }).WEIR_API_HOST).toBe('127.0.0.1');
  });

  test('refuse an address that others can reach, and say why', () => {
    expect(() => readApiSettings({ WEIR_API_HOST: '0.0.0.0' })).toThrow(/anybody could move production traffic/);
  });

  test('take such an address when that is asked for', () => {
    expect(readApiSettings({ WEIR_API_HOST: '0.0.0.0', WEIR_API_INSECURE_BIND: 'true' }).WEIR_API_HOST).toBe('0.0.0.0');
  });

  test('name a variable that is wrong', () => {
    expect(() => readApiSettings({ WEIR_API_PORT: 'http' })).toThrow(/WEIR_API_PORT must be a port/);
  });
});
