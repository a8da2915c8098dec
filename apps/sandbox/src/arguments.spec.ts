import { describe, expect, it } from '@jest/globals';
import { UsageError, parseDemoArguments, parseSandboxArguments } from './arguments.ts';

const sandbox = (line: string) => parseSandboxArguments(line.split(' ').filter(Boolean), '/home/ann');
const demo = (line: string) => parseDemoArguments(line.split(' ').filter(Boolean), '/home/ann');

describe('the command line of the sandbox', () => {
  it('starts everything on free ports, with the state in an ignored folder, when nothing is said', () => {
    expect(sandbox('')).toEqual({
      help: false,
      state: '/home/ann/.weir/sandbox',
      worker: true,
      api: true,
      gateways: 2,
      ports: {},
    });
  });

  it('takes a folder, ports, and what to leave out', () => {
    const line =
      '--state run --no-worker --no-api --gateways 0 --api-port 8080 --temporal-port=7233 --temporal-ui-port 8233 --kubernetes-port 6443';
    expect(sandbox(line)).toEqual({
      help: false,
      state: '/home/ann/run',
      worker: false,
      api: false,
      gateways: 0,
      ports: { api: 8080, temporal: 7233, temporalUi: 8233, kubernetes: 6443 },
    });
  });

  it.each([
    ['an unknown option', '--verbose', "Unknown option '--verbose'"],
    ['an argument without an option', 'now', "Unexpected argument 'now'"],
    ['an option without its value', '--state', '--state'],
    ['an empty folder', '--state=', '--state needs a folder'],
    ['a port that is no number', '--api-port http', "--api-port needs a port from 1 to 65535, not 'http'"],
    ['port 0', '--api-port 0', "--api-port needs a port from 1 to 65535, not '0'"],
    ['a port over the highest', '--api-port 65536', "--api-port needs a port from 1 to 65535, not '65536'"],
    ['a port with a fraction', '--api-port 80.5', "--api-port needs a port from 1 to 65535, not '80.5'"],
    ['a negative number of gateways', '--gateways=-1', "--gateways needs a number from 0 to 20, not '-1'"],
    ['a number of gateways that is none', '--gateways=', "--gateways needs a number from 0 to 20, not ''"],
    ['more gateways than are of use', '--gateways 21', "--gateways needs a number from 0 to 20, not '21'"],
    ['the same port twice', '--api-port 8080 --temporal-port 8080', 'the same port is named twice'],
  ])('refuses %s', (_, line, message) => {
    expect(() => sandbox(line)).toThrow(UsageError);
    expect(() => sandbox(line)).toThrow(message);
  });
});

describe('the command line of the demo', () => {
  it('runs with the pauses of the example, in a temporary folder, and stays up, when nothing is said', () => {
    expect(demo('')).toEqual({ help: false, fast: false, exit: false, state: undefined });
  });

  it('takes --fast, --exit and a folder', () => {
    expect(demo('--fast --exit --state run')).toEqual({ help: false, fast: true, exit: true, state: '/home/ann/run' });
  });

  it('refuses an option of the sandbox that it has no use for', () => {
    expect(() => demo('--no-worker')).toThrow(UsageError);
  });
});
