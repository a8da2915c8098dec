import { describe, expect, test } from '@jest/globals';
import { selectorOf, selectorText, selects, templateOf, type LabelSelector } from './pods.ts';
import { PODS, podTemplate, REFERENCE, specWith } from './testing.ts';

describe('the pod template of a Rollout', () => {
  const template = podTemplate();

  test.each([
    ['is its own', specWith({}, PODS), undefined],
    ['is that of the Deployment that it refers to', specWith({}, REFERENCE), { spec: { template } }],
    ['is that of the PodTemplate that it refers to', specWith({}, REFERENCE), { template }],
  ])('%s', (_name, spec, referenced) => {
    expect(templateOf(spec, referenced)).toEqual(template);
  });

  test.each([
    ['it moves traffic only', specWith()],
    ['what it refers to does not exist', specWith({}, REFERENCE)],
    ['there is no spec', undefined],
  ])('is none when %s', (_name, spec) => {
    expect(templateOf(spec)).toBeUndefined();
  });
});

describe('the selector of a Rollout', () => {
  const other: LabelSelector = { matchLabels: { app: 'other' } };

  test.each<[string, unknown, unknown, LabelSelector | undefined]>([
    [
      'is its own',
      specWith({}, { ...REFERENCE, selector: PODS.selector }),
      { spec: { selector: other } },
      PODS.selector,
    ],
    ['is that of the object that it refers to', specWith({}, REFERENCE), { spec: { selector: other } }, other],
    ['is none when that has none', specWith({}, REFERENCE), { template: podTemplate() }, undefined],
  ])('%s', (_name, spec, referenced, expected) => {
    expect(selectorOf(spec, referenced)).toEqual(expected);
  });
});

describe('a selector as text', () => {
  test.each<[LabelSelector, string]>([
    [{ matchLabels: { app: 'someapp' } }, 'app=someapp'],
    [{ matchLabels: { tier: 'web', app: 'someapp' } }, 'app=someapp,tier=web'],
    [{ matchLabels: { app: '' } }, 'app='],
    [{ matchExpressions: [{ key: 'tier', operator: 'In', values: ['b', 'a'] }] }, 'tier in (a,b)'],
    [{ matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['a'] }] }, 'tier notin (a)'],
    [{ matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, 'tier'],
    [{ matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }, '!tier'],
    [
      {
        matchLabels: { b: '1' },
        matchExpressions: [
          { key: 'c', operator: 'Exists' },
          { key: 'a', operator: 'Exists' },
        ],
      },
      'a,b=1,c',
    ],
    [{}, ''],
  ])('%j is what the API server takes as a label selector', (selector, text) => {
    expect(selectorText(selector)).toBe(text);
  });
});

describe('a selector', () => {
  const when = (operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist', ...values: string[]): LabelSelector => ({
    matchExpressions: [{ key: 'tier', operator, values }],
  });

  test.each<[LabelSelector, Record<string, string>, boolean]>([
    [{ matchLabels: { app: 'a' } }, { app: 'a', tier: 'x' }, true],
    [{ matchLabels: { app: 'a' } }, { app: 'b' }, false],
    [{ matchLabels: { app: 'a', tier: 'x' } }, { app: 'a' }, false],
    [when('In', 'x', 'y'), { tier: 'y' }, true],
    [when('In', 'x'), { tier: 'z' }, false],
    [when('In', 'x'), {}, false],
    [when('NotIn', 'x'), { tier: 'y' }, true],
    [when('NotIn', 'x'), { tier: 'x' }, false],
    [when('NotIn', 'x'), {}, true],
    [when('Exists'), { tier: '' }, true],
    [when('Exists'), {}, false],
    [when('DoesNotExist'), {}, true],
    [when('DoesNotExist'), { tier: '' }, false],
    [{ matchLabels: { app: 'a' }, ...when('Exists') }, { app: 'a' }, false],
  ])('%j on the labels %j: %s', (selector, labels, expected) => {
    expect(selects(selector, labels)).toBe(expected);
  });
});
