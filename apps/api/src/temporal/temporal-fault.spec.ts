import { describe, expect, test } from '@jest/globals';
import { classify } from './temporal-fault.ts';

function grpc(code: number, message: string): Error {
  return new Error('Failed to do it', { cause: Object.assign(new Error(message), { code }) });
}

function named(name: string): Error {
  return Object.assign(new Error('what it says'), { name });
}

describe('a call to Temporal that failed', () => {
  test.each<[string, unknown, string | undefined]>([
    [
      'without a connection',
      grpc(14, '14 UNAVAILABLE: No connection established. Last error: ECONNREFUSED'),
      'unreachable',
    ],
    ['when its host has no address', grpc(14, 'Name resolution failed for target dns:nowhere'), 'unreachable'],
    [
      'when the connection broke under it may have come through',
      grpc(14, '14 UNAVAILABLE: read ECONNRESET'),
      'timedOut',
    ],
    ['past its deadline may have come through', grpc(4, 'Deadline exceeded'), 'timedOut'],
    ['for a run that is not open', named('WorkflowNotFoundError'), 'notFound'],
    ['for a run id that is none', grpc(3, 'Invalid RunId.'), 'notFound'],
    ['for a namespace that is not there', named('NamespaceNotFoundError'), 'refused'],
    ['without a right', grpc(7, 'denied'), 'refused'],
    ['with a key that Temporal does not know', grpc(16, 'who are you'), 'refused'],
    ['inside of Temporal', grpc(13, 'internal'), 'failed'],
    ['for a reason of ours', new TypeError('x is undefined'), undefined],
    ['with something that is no error', 'x', undefined],
  ])('%s', (_, error, kind) => {
    expect(classify(error)?.kind).toBe(kind);
  });
});
