import type { KubernetesError } from '@weir/kubernetes';
import type { ProblemField } from '../http/problem.ts';

/** Where the API server's checks name other places than where a template is written. */
const MOVED: readonly (readonly [RegExp, string])[] = [
  [/^template\.(labels|annotations|finalizers)\b/, 'template.metadata.$1'],
];

/**
 * What the API server found wrong with a pod template that it was asked to check as a PodTemplate, with the paths of the Rollout;
 * undefined when the failure says nothing about the template.
 */
export function templateErrors({ status, message, causes }: KubernetesError): ProblemField[] | undefined {
  const found = status === 422 ? invalid(causes) : status === 400 ? undecodable(message) : [];
  return found.length === 0 ? undefined : found;
}

/** Whether only fields are unknown or given twice, so that the rest can be checked without them. */
export function isStrictDecoding({ status, message }: KubernetesError): boolean {
  return status === 400 && message.includes('strict decoding error');
}

function invalid(causes: KubernetesError['causes']): ProblemField[] {
  return causes.flatMap(({ field = '', message = 'is not valid' }) =>
    field.startsWith('template') ? [{ path: pathOf(field), message }] : [],
  );
}

function undecodable(message: string): ProblemField[] {
  const said = /cannot be handled as a PodTemplate: (.*)$/s.exec(message)?.[1];
  if (said === undefined) {
    return [];
  }
  const strict = [...said.matchAll(/(unknown|duplicate) field "((?:[^"\\]|\\.)*)"/g)].map(([, what, field = '']) => ({
    path: pathOf(field),
    message: what === 'unknown' ? 'is not a field of a pod template' : 'is given twice',
  }));
  return strict.length > 0 ? strict : [wrongType(said) ?? { path: 'spec.template', message: said }];
}

/** From `json: cannot unmarshal string into Go struct field Container.template.spec.containers.ports of type []v1.ContainerPort`. */
function wrongType(said: string): ProblemField | undefined {
  const [, given, field, type] =
    /cannot unmarshal (\S+) into Go struct field \w+\.(\S+) of type (\S+)/.exec(said) ?? [];
  return given === undefined || field === undefined || type === undefined
    ? undefined
    : { path: pathOf(field), message: `must be ${inWords(type)}, not ${given}` };
}

const TYPES: Readonly<Record<string, string>> = {
  bool: 'true or false',
  string: 'a string',
  int32: 'a whole number',
  int64: 'a whole number',
};

function inWords(type: string): string {
  if (type.startsWith('[]')) {
    return 'a list';
  }
  return TYPES[type] ?? 'an object';
}

function pathOf(field: string): string {
  const place = MOVED.reduce((path, [from, to]) => path.replace(from, to), field);
  return `spec.${place}`;
}
