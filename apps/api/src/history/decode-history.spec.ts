import { describe, expect, test } from '@jest/globals';
import { defaultPayloadConverter } from '@temporalio/common';
import proto from '@temporalio/proto';
import { decodeHistory } from './decode-history.ts';
import type { HistoryEvent } from './run-event.ts';

const { EventType } = proto.temporal.api.enums.v1;
const SECONDS = { toNumber: () => 1_795_428_000 } as never;

type TypeName = keyof typeof EventType;

/** An event as Temporal sends it; `attributes` are those of its type. */
function event(id: number, type: TypeName, attributes: object = {}, summary?: string): HistoryEvent {
  const name = String(type).replace('EVENT_TYPE_', '').toLowerCase();
  const camel = name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return {
    eventId: id as never,
    eventType: EventType[type],
    eventTime: { seconds: SECONDS, nanos: 250_000_000 },
    [`${camel}EventAttributes`]: attributes,
    ...(summary !== undefined && { userMetadata: { summary: payload(summary) } }),
  };
}

const payload = (value: unknown) => defaultPayloadConverter.toPayload(value);
const payloads = (...values: unknown[]) => ({ payloads: values.map(payload) });

const scheduled = (id: number, name: string, input: unknown, summary?: string): HistoryEvent =>
  event(id, 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED', { activityType: { name }, input: payloads(input) }, summary);

/** An activity from its beginning to its end. */
const done = (name: string, input: unknown, result?: unknown): HistoryEvent[] => [
  scheduled(5, name, input),
  event(7, 'EVENT_TYPE_ACTIVITY_TASK_COMPLETED', { scheduledEventId: 5, result: payloads(result) }),
];

/** The last event's words: what, who, why. */
function words(...events: HistoryEvent[]): unknown[] {
  const last = decodeHistory(events).at(-1);
  return [last?.what, last?.who, last?.why];
}

describe('an event in words', () => {
  test.each<[string, HistoryEvent[], unknown[]]>([
    [
      'the start',
      [event(1, 'EVENT_TYPE_WORKFLOW_EXECUTION_STARTED', { identity: '1@api', input: payloads({ a: 1 }) })],
      ['run started', 'client 1@api', null],
    ],
    [
      'the start of what goes on from another run',
      [event(1, 'EVENT_TYPE_WORKFLOW_EXECUTION_STARTED', { continuedExecutionRunId: 'r0' })],
      ['run continued', 'temporal', null],
    ],
    [
      'an activity that is wanted',
      [scheduled(5, 'setCanaryWeight', { weight: 30 }, 'canary weight 30 %')],
      ['setCanaryWeight begun', 'workflow', 'canary weight 30 %'],
    ],
    [
      'a weight that is written',
      [
        scheduled(5, 'setCanaryWeight', { weight: 30 }, 'canary weight 30 %'),
        event(7, 'EVENT_TYPE_ACTIVITY_TASK_COMPLETED', { scheduledEventId: 5, identity: '2@worker' }),
      ],
      ['canary weight 30 written', 'worker 2@worker', 'canary weight 30 %'],
    ],
    [
      'pods that are scaled, and how long they stay',
      done('scaleReplicaSets', {
        wanted: 'b',
        targets: [
          { podTemplateHash: 'a', replicas: 3, scaleDownAtMs: Date.parse('2026-11-23T10:00:30Z') },
          { podTemplateHash: 'b', replicas: 1, scaleDownAtMs: null },
        ],
      }),
      ['ReplicaSets scaled: a to 3 until 2026-11-23T10:00:30.000Z, b to 1', 'worker', null],
    ],
    [
      'Services that are pointed at a revision',
      done('pointServices', {
        services: [
          { name: 'someapp-stable', podTemplateHash: 'a' },
          { name: 'someapp-canary', podTemplateHash: 'b' },
        ],
      }),
      ['Service someapp-stable selects revision a, Service someapp-canary selects revision b', 'worker', null],
    ],
    [
      'endpoints that are there',
      done('awaitEndpoints', { service: 'someapp-canary' }),
      ['the endpoints of Service someapp-canary are the pods that it selects', 'worker', null],
    ],
    [
      'pods that are restarted',
      done('restartPods', { atMost: 1 }, { left: 2, evicted: 1 }),
      ['old pods evicted: 1; left: 2', 'worker', null],
    ],
    [
      'a history that is trimmed',
      done('trimRevisions', { names: ['someapp-a', 'someapp-b'] }),
      ['ReplicaSets of the history deleted: someapp-a, someapp-b', 'worker', null],
    ],
    [
      'a Deployment that gives its pods up',
      done('scaleReferenced', { name: 'someapp', replicas: 0 }),
      ['Deployment someapp scaled to 0', 'worker', null],
    ],
    [
      'pods that get the metadata of their role',
      done('labelPods', { revisions: [{ podTemplateHash: 'b' }] }),
      ['metadata of their role put on the pods of b', 'worker', null],
    ],
    [
      'Mappings that are put right, and who did it',
      done(
        'repairCanaryMappings',
        {},
        {
          repairs: [{ mapping: 'app0-canary', what: 'canaryEdited', fields: ['spec.weight'], manager: 'kubectl-edit' }],
        },
      ),
      ['canary Mapping app0-canary was changed by kubectl-edit: spec.weight put back', 'worker', null],
    ],
    [
      'Mappings that need no repair',
      done('repairCanaryMappings', {}, { repairs: [] }),
      ['Mappings looked at, nothing to repair', 'worker', null],
    ],
    [
      'an abort that is found in the place of something to repair',
      done('repairCanaryMappings', {}, { repairs: [], order: { actor: 'eve' } }),
      ['an abort was found on a canary Mapping: nothing was repaired', 'worker', null],
    ],
    [
      'Mappings that are taken over, with the weight that they had',
      done('adoptCanaryMappings', {}, [{ name: 'app-canary', weight: 30 }, { name: 'b-canary' }]),
      ['canary Mappings of an Argo controller taken over: app-canary (weight 30), b-canary', 'worker', null],
    ],
    [
      'a weight that is served',
      done('awaitServedWeight', { weight: 30 }, { state: 'served', weight: 30, message: '' }),
      ['the gateway serves weight 30', 'worker', null],
    ],
    [
      'a weight that is not served',
      done('awaitServedWeight', { weight: 30 }, { state: 'notServed', weight: 0, message: 'gw-1 serves 0' }),
      ['the gateway does not serve weight 30 yet: gw-1 serves 0', 'worker', null],
    ],
    [
      'a gateway that cannot be asked',
      done('awaitServedWeight', { weight: 30 }, { state: 'unknown', message: 'gw-1: no answer' }),
      ['it is not known whether the gateway serves weight 30: gw-1: no answer', 'worker', null],
    ],
    [
      'news of its Mappings',
      [
        event(2, 'EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED', {
          signalName: 'specChanged',
          input: payloads({ generation: 2, mappings: true }),
        }),
      ],
      ['told that Mappings changed', 'client', null],
    ],
    [
      'an activity of ours with a payload that is not ours',
      done('scaleReplicaSets', 'x'),
      ['ReplicaSets scaled: none', 'worker', null],
    ],
    [
      'a skip by an update',
      [
        event(10, 'EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED', {
          acceptedRequest: {
            meta: { updateId: 'skip:k1', identity: '1@api' },
            input: { name: 'skip', args: payloads({ actor: 'bob', reason: 'not needed', expectedStep: 1 }) },
          },
        }),
      ],
      ['skip of step 2', 'bob', 'not needed'],
    ],
    [
      'a skip of whatever step it is',
      [event(10, 'EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED', { signalName: 'skip', identity: 'ui' })],
      ['skip', 'client ui', null],
    ],
    [
      'news of its pods',
      [
        event(2, 'EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED', {
          signalName: 'specChanged',
          input: payloads({ generation: 2, revisions: [{ hash: 'b' }] }),
        }),
      ],
      ['told that pods changed', 'client', null],
    ],
    [
      'an activity of another version',
      [scheduled(5, 'doMagic', {}), event(7, 'EVENT_TYPE_ACTIVITY_TASK_COMPLETED', { scheduledEventId: 5 })],
      ['doMagic completed', 'worker', null],
    ],
    [
      'an attempt after a failure',
      [
        scheduled(5, 'setCanaryWeight', { weight: 30 }),
        event(6, 'EVENT_TYPE_ACTIVITY_TASK_STARTED', {
          scheduledEventId: 5,
          attempt: 3,
          identity: '2@worker',
          lastFailure: { message: 'no answer', applicationFailureInfo: { type: 'Kubernetes.unavailable' } },
        }),
      ],
      ['setCanaryWeight tried for the 3rd time', 'worker 2@worker', 'Kubernetes.unavailable: no answer'],
    ],
    [
      'a failure for good',
      [
        scheduled(5, 'ensureCanaryMappings', {}),
        event(7, 'EVENT_TYPE_ACTIVITY_TASK_FAILED', {
          scheduledEventId: 5,
          identity: '2@worker',
          failure: { message: 'Mapping x is gone', applicationFailureInfo: { type: 'CannotProceed' } },
        }),
      ],
      ['ensureCanaryMappings failed', 'worker 2@worker', 'CannotProceed: Mapping x is gone'],
    ],
    [
      'a timer',
      [event(9, 'EVENT_TYPE_TIMER_STARTED', { startToFireTimeout: { seconds: { toNumber: () => 90 } } }, 'step 2')],
      ['timer started, 1m30s', 'workflow', 'step 2'],
    ],
    [
      'a timer that fired',
      [event(9, 'EVENT_TYPE_TIMER_STARTED', {}, 'step 2'), event(12, 'EVENT_TYPE_TIMER_FIRED', { startedEventId: 9 })],
      ['timer fired', 'temporal', 'step 2'],
    ],
    [
      'an abort by a signal',
      [
        event(10, 'EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED', {
          signalName: 'abort',
          identity: '1@api',
          input: payloads({ actor: 'ada', reason: 'errors' }),
        }),
      ],
      ['abort', 'ada', 'errors'],
    ],
    [
      'a signal from the Temporal UI, without a payload',
      [event(10, 'EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED', { signalName: 'promote', identity: 'ui' })],
      ['promote', 'client ui', null],
    ],
    [
      'news of the Rollout',
      [
        event(2, 'EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED', {
          signalName: 'specChanged',
          input: payloads({ generation: 2 }),
        }),
      ],
      ['told that the Rollout changed', 'client', null],
    ],
    [
      'a promote by an update',
      [
        event(10, 'EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED', {
          acceptedRequest: {
            meta: { updateId: 'promote:k1', identity: '1@api' },
            input: { name: 'promote', args: payloads({ actor: 'bob', full: true }) },
          },
        }),
      ],
      ['promote to the end', 'bob', null],
    ],
    [
      'a cancel',
      [event(10, 'EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED', { identity: 'ui', cause: 'why not' })],
      ['cancel asked for', 'client ui', 'why not'],
    ],
    [
      'a termination',
      [event(10, 'EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED', { identity: 'ui', reason: 'stuck' })],
      ['run terminated', 'client ui', 'stuck'],
    ],
    [
      'the end',
      [
        event(30, 'EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED', {
          result: payloads({ outcome: 'promoted', message: 'all 4 steps are done' }),
        }),
      ],
      ['run completed: promoted', 'workflow', 'all 4 steps are done'],
    ],
    [
      'code that fails',
      [event(30, 'EVENT_TYPE_WORKFLOW_TASK_FAILED', { identity: '2@worker', failure: { message: 'x is undefined' } })],
      ['the workflow code failed, it is tried again', 'worker 2@worker', 'x is undefined'],
    ],
    [
      'an event of a type without words',
      [event(3, 'EVENT_TYPE_NEXUS_OPERATION_STARTED')],
      ['NEXUS_OPERATION_STARTED', 'temporal', null],
    ],
    [
      'an event of a type from the future',
      [{ eventId: 3 as never, eventType: 999 as never }],
      ['type 999', 'temporal', null],
    ],
  ])('%s', (_, events, expected) => {
    expect(words(...events)).toEqual(expected);
  });

  test.each<TypeName>([
    'EVENT_TYPE_WORKFLOW_TASK_SCHEDULED',
    'EVENT_TYPE_WORKFLOW_TASK_STARTED',
    'EVENT_TYPE_WORKFLOW_TASK_COMPLETED',
    'EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES',
    'EVENT_TYPE_ACTIVITY_TASK_STARTED',
  ])('none for %s', (type) => {
    expect(decodeHistory([event(1, type, { attempt: 1 })])).toEqual([]);
  });

  test('has its number, time and payloads', () => {
    const signal = { signalName: 'pause', identity: '1@api', input: payloads({ actor: 'ada' }) };
    expect(decodeHistory([event(4, 'EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED', signal)])).toEqual([
      {
        id: 4,
        time: '2026-11-23T10:00:00.250Z',
        type: 'WORKFLOW_EXECUTION_SIGNALED',
        what: 'pause',
        who: 'ada',
        why: null,
        details: { channel: 'signal', sender: 'client 1@api', payload: { actor: 'ada' } },
      },
    ]);
  });

  test('shows that a payload is encrypted', () => {
    const input = { payloads: [{ metadata: { encoding: Buffer.from('binary/encrypted') }, data: Buffer.from('x') }] };
    const [signal] = decodeHistory([
      event(4, 'EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED', { signalName: 'abort', input }),
    ]);
    expect(signal?.details).toMatchObject({ payload: { encoded: 'binary/encrypted' } });
  });
});
