import { describe, expect, test } from '@jest/globals';
import { KubernetesError } from '@weir/kubernetes';
import { isStrictDecoding, templateErrors } from './template-errors.ts';

const undecodable = (said: string, lead = 'PodTemplate in version "v1" cannot be handled as a PodTemplate: ') =>
  new KubernetesError('invalid', `POST podtemplates default: 400 ${lead}${said}`, 400);
const invalid = (...causes: object[]) => new KubernetesError('invalid', 'is invalid', 422, undefined, causes);

describe('what the API server says of a pod template', () => {
  test.each<[string, KubernetesError, [path: string, message: string][] | undefined]>([
    [
      'a field that is missing',
      invalid({ field: 'template.spec.containers[0].image', message: 'Required value' }),
      [['spec.template.spec.containers[0].image', 'Required value']],
    ],
    [
      'labels, which it calls by a shorter name',
      invalid({ field: 'template.labels', message: 'Invalid value: "a b"' }),
      [['spec.template.metadata.labels', 'Invalid value: "a b"']],
    ],
    [
      'fields that are not known, or there twice',
      undecodable(
        'strict decoding error: unknown field "template.spec.bar", duplicate field "template.metadata.labels.a"',
      ),
      [
        ['spec.template.spec.bar', 'is not a field of a pod template'],
        ['spec.template.metadata.labels.a', 'is given twice'],
      ],
    ],
    [
      'a value of another type',
      undecodable(
        'json: cannot unmarshal string into Go struct field Container.template.spec.containers.ports of type []v1.ContainerPort',
      ),
      [['spec.template.spec.containers.ports', 'must be a list, not string']],
    ],
    [
      'a value that no type explains',
      undecodable("quantities must match the regular expression '^x$'"),
      [['spec.template', "quantities must match the regular expression '^x$'"]],
    ],
    ['only what we made up around it', invalid({ field: 'metadata.name', message: 'too long' }), undefined],
    [
      'nothing, because a webhook is in the way',
      undecodable('does not support dry run', 'admission webhook "x" '),
      undefined,
    ],
    ['nothing, because we may not ask', new KubernetesError('forbidden', 'no', 403), undefined],
  ])('is understood: %s', (_, error, expected) => {
    expect(templateErrors(error)?.map(({ path, message }) => [path, message])).toEqual(expected);
  });

  test('is not all when it is about unknown fields', () => {
    expect(isStrictDecoding(undecodable('strict decoding error: unknown field "template.a"'))).toBe(true);
    expect(isStrictDecoding(invalid({ field: 'template.spec', message: 'Required value' }))).toBe(false);
  });
});
