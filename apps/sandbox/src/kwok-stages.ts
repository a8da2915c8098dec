/**
 * How kwok plays the kubelet: a configuration of its Stages, by which a pod's own annotations say how it behaves. They
 * belong into the pod template, so that each revision has its own:
 *
 * | annotation of the pod              | the pod                                                                   |
 * | ---------------------------------- | ------------------------------------------------------------------------- |
 * | none                               | is ready at once                                                          |
 * | `kwok.weir.dev/ready-after: "2s"`  | runs at once, and is ready so long after that; a Go duration (`1m30s`)    |
 * | `kwok.weir.dev/ready: "never"`     | runs, and is never ready                                                  |
 * | `kwok.weir.dev/ready: "crash"`     | runs, and its containers wait in CrashLoopBackOff                         |
 *
 * `ready` wins over `ready-after`. A pod with another value of either stays Pending, as one whose image cannot be pulled.
 * kwok acts once on each pod: a status that somebody PATCHes afterwards (`Ready` to `False`, say) stays as it is. A pod that
 * is deleted or evicted is gone at once, finalizers or not, without its grace period.
 */

/** Annotations of a pod that say how kwok lets it behave. */
export const KWOK_ANNOTATIONS = { ready: 'kwok.weir.dev/ready', readyAfter: 'kwok.weir.dev/ready-after' } as const;

interface Requirement {
  readonly jq: { readonly key: string; readonly operator: string; readonly values?: readonly string[] };
}

/** Tells a pod that will be ready by itself from one that somebody has made unready. */
const WAITING_REASON = 'ReadyAfter';
/** The point in time and not the delay: kwok starts a delay anew whenever the pod changes. */
const WAITING_MESSAGE = 'ready at ';

const exists = (key: string): Requirement => ({ jq: { key, operator: 'Exists' } });
const absent = (key: string): Requirement => ({ jq: { key, operator: 'DoesNotExist' } });
const annotation = (name: string) => `.metadata.annotations["${name}"]`;
const WAITING = `.status.conditions[]? | select(.type == "Ready" and .reason == "${WAITING_REASON}")`;

const ALIVE = absent('.metadata.deletionTimestamp');
const NEW = absent('.status.podIP');

/** The text of kwok's configuration file: YAML documents, each of them in JSON. */
export function kwokConfiguration(): string {
  const { ready, readyAfter } = KWOK_ANNOTATIONS;
  const says = (value: string): Requirement => ({ jq: { key: annotation(ready), operator: 'In', values: [value] } });
  const stages = [
    statusStage('pod-ready', [ALIVE, NEW, absent(annotation(ready)), absent(annotation(readyAfter))], [STARTED, READY]),
    statusStage(
      'pod-ready-later',
      [ALIVE, NEW, absent(annotation(ready)), exists(annotation(readyAfter))],
      [STARTED, unready(RUNNING, WAITING_REASON, READY_AT)],
    ),
    statusStage('pod-ready-now', [ALIVE, exists(WAITING)], [READY], {
      durationFrom: { jq: { expression: `${WAITING} | .message | ltrimstr("${WAITING_MESSAGE}")` } },
    }),
    statusStage('pod-never-ready', [ALIVE, NEW, says('never')], [STARTED, unready(RUNNING)]),
    statusStage('pod-crashes', [ALIVE, NEW, says('crash')], [STARTED, unready(CRASHED)]),
    stage('pod-gone', [exists('.metadata.deletionTimestamp')], { finalizers: { empty: true }, delete: true }),
  ];
  return stages.map((document) => `---\n${JSON.stringify(document, undefined, 2)}\n`).join('');
}

function stage(name: string, matchExpressions: readonly Requirement[], next: object, delay?: object): object {
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name },
    spec: {
      resourceRef: { apiGroup: 'v1', kind: 'Pod' },
      selector: { matchExpressions },
      ...(delay && { delay }),
      next,
    },
  };
}

/** A stage that patches the status by templates, each of which has some of its fields and adds to the list of conditions. */
function statusStage(
  name: string,
  requirements: readonly Requirement[],
  parts: readonly StatusPart[],
  delay?: object,
): object {
  const template = [
    '{{ $now := Now }}',
    ...parts.map(({ fields }) => fields),
    'conditions:',
    ...parts.map(({ conditions }) => conditions),
  ].join('\n');
  return stage(name, requirements, { patches: [{ subresource: 'status', root: 'status', template }] }, delay);
}

interface StatusPart {
  readonly fields: string;
  readonly conditions: string;
}

/** @param more - other fields of the condition, each as `, name: value` */
const condition = (type: string, status: 'True' | 'False', more = '') =>
  `- { type: ${type}, status: "${status}", lastTransitionTime: {{ $now | Quote }}${more} }`;

/** @param state - the fields of one container's status that follow its name and image */
const containers = (field: string, list: string, state: string) =>
  `${field}:\n{{ range ${list} }}\n- { name: {{ .name | Quote }}, image: {{ .image | Quote }}, ${state} }\n{{ end }}`;

const RUNNING = 'started: true, restartCount: 0, state: { running: { startedAt: {{ $now | Quote }} } }';
const CRASHED =
  'started: false, restartCount: 3, state: { waiting: { reason: CrashLoopBackOff } }, ' +
  'lastState: { terminated: { exitCode: 1, reason: Error, finishedAt: {{ $now | Quote }} } }';
const COMPLETED = 'ready: true, restartCount: 0, state: { terminated: { exitCode: 0, reason: Completed } }';
const READY_AT =
  `{{ now | mustDateModify (index .metadata.annotations "${KWOK_ANNOTATIONS.readyAfter}") ` +
  '| date "2006-01-02T15:04:05.000Z07:00" }}';

/** On its node, with an address and with its init containers behind it. */
const STARTED: StatusPart = {
  fields: [
    'phase: Running',
    'startTime: {{ $now | Quote }}',
    'hostIP: {{ NodeIPWith .spec.nodeName | Quote }}',
    // The last three are for container network plugins, of which the sandbox has none.
    'podIP: {{ PodIPWith .spec.nodeName (or .spec.hostNetwork false) "" "" "" | Quote }}',
    containers('initContainerStatuses', '.spec.initContainers', COMPLETED),
  ].join('\n'),
  conditions: condition('Initialized', 'True'),
};

const READY: StatusPart = {
  fields: containers('containerStatuses', '.spec.containers', `ready: true, ${RUNNING}`),
  conditions: [
    condition('ContainersReady', 'True'),
    condition('Ready', 'True', ', reason: "", message: ""'),
    // Nobody else in the sandbox opens a readiness gate.
    `{{ range .spec.readinessGates }}\n${condition('{{ .conditionType | Quote }}', 'True')}\n{{ end }}`,
  ].join('\n'),
};

function unready(containerState: string, reason = 'ContainersNotReady', readyAt?: string): StatusPart {
  const message = readyAt === undefined ? '' : `, message: "${WAITING_MESSAGE}${readyAt}"`;
  return {
    fields: containers('containerStatuses', '.spec.containers', `ready: false, ${containerState}`),
    conditions: [
      condition('ContainersReady', 'False'),
      condition('Ready', 'False', `, reason: ${reason}${message}`),
    ].join('\n'),
  };
}
