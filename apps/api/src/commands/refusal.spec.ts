import { describe, expect, test } from '@jest/globals';
import { refusalOf } from './refusal.ts';

function updateFailed(cause: object): Error {
  return Object.assign(new Error('Workflow Update failed'), { name: 'WorkflowUpdateFailedError', cause });
}

describe('an update that failed', () => {
  test('by a refusal gives its code and message', () => {
    const refusal = { code: 'StaleStep', message: 'expectedStep is 0, but the rollout is at step 1' };
    expect(refusalOf(updateFailed({ type: 'CommandRefused', details: [refusal] }))).toEqual(refusal);
  });

  test('because the run ended is a refusal too', () => {
    expect(refusalOf(updateFailed({ type: 'AcceptedUpdateCompletedWorkflow', message: 'it has ended' }))).toEqual({
      code: 'AlreadyEnding',
      message: 'it has ended',
    });
  });

  test('for another reason is none', () => {
    expect(refusalOf(new Error('x'))).toBeUndefined();
  });
});
