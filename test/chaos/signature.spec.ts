import { expect, test } from '@jest/globals';
import { identityOf } from './signature.ts';

const MAPPINGS = '/apis/getambassador.io/v2/namespaces/shop/mappings';
const weight = (percent: number, name?: string): string =>
  JSON.stringify({ ...(name && { metadata: { name } }), spec: { weight: percent } });

test.each([
  ['GET', '/api/v1/namespaces/shop/services/web?', '', 'GET.services.web'],
  ['GET', '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices?labelSelector=a', '', 'GET.endpointslices'],
  [
    'PATCH',
    '/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/web/status?fieldManager=w',
    '{}',
    'PATCH.rollouts.web.status',
  ],
  ['PATCH', `${MAPPINGS}/app0-canary?fieldManager=w`, weight(30), 'PATCH.mappings.app0-canary.w30'],
  ['POST', `${MAPPINGS}?fieldManager=w`, weight(0, 'app0-canary'), 'POST.mappings.app0-canary.w0'],
  ['POST', '/api/v1/namespaces/shop/events', '{"metadata":{"name":"web.17"}}', 'POST.events'],
  ['DELETE', `${MAPPINGS}/app0-canary?`, '{"kind":"DeleteOptions"}', 'DELETE.mappings.app0-canary'],
])('%s %s is told by what does not change from run to run', (method, url, body, signature) => {
  expect(identityOf(method, url, body)).toMatchObject({ namespace: 'shop', signature });
});

test('a request that writes a weight says which, and of which Mapping', () => {
  expect(identityOf('PATCH', `${MAPPINGS}/app0-canary`, weight(30))?.weight).toEqual({
    mapping: 'app0-canary',
    percent: 30,
  });
});

test.each([
  ['a watch', '/apis/getambassador.io/v2/mappings?watch=true'],
  ['a watch of one namespace', `${MAPPINGS}?watch=true`],
  ['what is in no namespace', '/apis'],
  ['a namespace itself', '/api/v1/namespaces/kube-system?'],
])('%s is of no rollout', (_, url) => {
  expect(identityOf('GET', url, '')).toBeUndefined();
});
