import { describe, expect, it } from '@jest/globals';
import { parseGatewayArguments, gatewayArguments } from './arguments.ts';
import { parseControl } from './settings.ts';

describe('the settings of an instance', () => {
  it('are taken as they are, each of them or some', () => {
    const all = {
      lagMs: 1000,
      frozen: true,
      rejecting: false,
      refuse: { mapping: 'shop/app', message: 'bad' },
      revisions: { abc: { errorPercent: 5, latencyMs: 20 } },
    };
    expect(parseControl(all)).toEqual({ change: all });
    expect(parseControl({})).toEqual({ change: {} });
    expect(parseControl({ refuse: null })).toEqual({ change: { refuse: null } });
  });

  it('of a revision that are left out are none', () => {
    expect(parseControl({ revisions: { abc: { latencyMs: 20 } } })).toEqual({
      change: { revisions: { abc: { errorPercent: 0, latencyMs: 20 } } },
    });
  });

  it.each<[string, unknown, string, string]>([
    ['no object', 3, '', 'must be an object of settings'],
    ['nothing', undefined, '', 'must be an object of settings'],
    ['a lag in words', { lagMs: '1s' }, 'lagMs', 'must be a number of milliseconds'],
    ['a negative lag', { lagMs: -1 }, 'lagMs', 'must not be below 0'],
    ['an endless lag', { lagMs: 1e9 }, 'lagMs', 'must not be over 600000'],
    ['no flag', { frozen: 'yes' }, 'frozen', 'must be true or false'],
    [
      'a Mapping without a namespace',
      { refuse: { mapping: 'app', message: 'm' } },
      'refuse.mapping',
      'must be <namespace>/<name>',
    ],
    ['a refusal without words', { refuse: { mapping: 'a/b', message: '' } }, 'refuse.message', 'must not be empty'],
    [
      'a rate over 100',
      { revisions: { abc: { errorPercent: 101 } } },
      'revisions.abc.errorPercent',
      'must be a number from 0 to 100',
    ],
    ['a setting that there is not', { lag: 3 }, 'lag', 'there is no such setting'],
    ['one of a revision', { revisions: { abc: { errors: 3 } } }, 'revisions.abc.errors', 'there is no such setting'],
  ])('that are %s are refused', (_, body, path, message) => {
    expect(parseControl(body)).toEqual({ errors: [{ path, message: expect.stringContaining(message) }] });
  });
});

describe('the arguments of the gateway', () => {
  it('are read as the sandbox writes them', () => {
    const instances = [
      { traffic: 20_001, diagnostics: 20_002 },
      { traffic: 20_003, diagnostics: 20_004 },
    ];
    expect(parseGatewayArguments(gatewayArguments(instances))).toEqual(instances);
  });

  it.each([
    ['no instance', [], 'no instance'],
    ['one port', ['--instance=80'], "not '80'"],
    ['words', ['--instance=a/b'], "not 'a/b'"],
    ['something else', ['--port', '80'], '--port'],
  ])('that name %s are refused', (_, args, message) => {
    expect(() => parseGatewayArguments(args)).toThrow(message);
  });
});
