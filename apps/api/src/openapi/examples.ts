/** Examples of the documentation, as a real cluster answered them. */

export const MANIFEST = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { name: 'someapp' },
  spec: {
    replicas: 4,
    selector: { matchLabels: { app: 'someapp' } },
    template: {
      metadata: { labels: { app: 'someapp' } },
      spec: { containers: [{ name: 'someapp', image: 'someapp:2.0.0' }] },
    },
    strategy: {
      canary: {
        stableService: 'someapp-stable',
        canaryService: 'someapp-canary',
        trafficRouting: { ambassador: { mappings: ['stable-mapping'] } },
        steps: [{ setWeight: 30 }, { pause: { duration: '60s' } }, { setWeight: 60 }, { pause: {} }],
      },
    },
  },
};

const WORKFLOW_ID = 'rollout/local/default/someapp';
const RUN_ID = '0f4bd2d3-7a0e-4f0f-8a8b-2b1d6f2f7c11';

export const SUMMARY = {
  namespace: 'default',
  name: 'someapp',
  uid: '5b7d9c0e-3c3f-4e0e-9a50-6f2ad2b7b8f4',
  generation: 1,
  deleting: false,
  phase: 'Paused',
  message: 'CanaryPauseStep',
  step: { index: 1, count: 4, description: 'pause 1m' },
  weight: { intended: 30, written: 30, served: null },
  served: null,
  replicas: { desired: 4, updated: 2, ready: 6, available: 6 },
  revisions: [
    { podTemplateHash: '1x2v8q0b7c3de', number: 2, role: 'canary', replicas: 2, pods: 2, ready: 2, available: 2 },
    { podTemplateHash: '2m9s4k1a0f6gh', number: 1, role: 'stable', replicas: 4, pods: 4, ready: 4, available: 4 },
  ],
  pause: { startedAt: '2026-11-23T10:00:00Z', deadline: '2026-11-23T10:01:00.120Z', remainingSeconds: 42 },
  held: null,
  outcome: null,
  reason: null,
};

export const RUN = {
  workflowId: WORKFLOW_ID,
  runId: RUN_ID,
  status: 'RUNNING',
  startedAt: '2026-11-23T09:59:59.870Z',
  closedAt: null,
  temporalUiUrl: `http://127.0.0.1:8233/namespaces/default/workflows/${encodeURIComponent(WORKFLOW_ID)}/${RUN_ID}/history`,
};

export const ROLLOUT = {
  ...SUMMARY,
  change: null,
  conditions: [],
  run: RUN,
  manifest: {
    ...MANIFEST,
    metadata: {
      name: 'someapp',
      namespace: 'default',
      labels: { 'argo-rollouts.argoproj.io/controller-instance-id': 'weir' },
      annotations: {},
    },
  },
};

export const COMMAND_ANSWER = {
  accepted: true,
  workflowId: WORKFLOW_ID,
  actor: { name: 'ada', claimed: true },
  message: 'step 3 of 4: setWeight 60',
  updateId: 'promote:3f0c',
  stepIndex: 2,
  phase: 'Progressing',
};

export const RUN_EVENT = {
  id: 24,
  time: '2026-11-23T10:01:00.312Z',
  type: 'ACTIVITY_TASK_COMPLETED',
  what: 'canary weight 60 written',
  who: 'worker 4711@host',
  why: 'canary weight 60 %',
  details: { result: [{ stableName: 'stable-mapping', name: 'stable-mapping0-canary', resourceVersion: '812' }] },
};

export const PLAN = {
  namespace: 'default',
  name: 'someapp',
  outcome: 'promoted',
  message: 'revision 2 is stable: all 4 steps are done',
  steps: [
    {
      index: 0,
      what: 'setWeight 30',
      weightBefore: 0,
      weightAfter: 30,
      shares: [{ mapping: 'stable-mapping', canary: 30, stable: 70 }],
      canaryReplicas: 2,
      durationSeconds: null,
    },
  ],
  writes: [
    {
      verb: 'PATCH',
      fieldManager: 'weir-worker',
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      namespace: 'default',
      name: 'someapp-1x2v8q0b7c3de',
      step: 0,
      body: { spec: { replicas: 2 } },
    },
    {
      verb: 'PATCH',
      fieldManager: 'weir-worker',
      apiVersion: 'getambassador.io/v3alpha1',
      kind: 'Mapping',
      namespace: 'default',
      name: 'stable-mapping0-canary',
      step: 0,
      body: { metadata: { annotations: { 'weir.dev/sequence': '1', 'weir.dev/weight': '30' } }, spec: { weight: 30 } },
    },
  ],
  problems: [],
};
