import { describe, expect, test } from '@jest/globals';
import { parseManifest } from '@weir/rollout/manifest';
import { readFile } from 'node:fs/promises';
import { readDocument } from './read-document.ts';

const STEPS = [
  { kind: 'setWeight', weight: 30 },
  { kind: 'pause', durationMs: 60_000 },
  { kind: 'setWeight', weight: 60 },
  { kind: 'pause', durationMs: 60_000 },
];
const TRAFFIC = {
  stableService: 'someapp-stable',
  canaryService: 'someapp-canary',
  mappings: ['stable-mapping'],
  steps: STEPS,
};

describe('the examples', () => {
  test.each([
    ['rollout.traffic-only.yaml', TRAFFIC],
    ['rollout.yaml', { ...TRAFFIC, workload: { replicas: 3, progressDeadlineSeconds: 600 } }],
  ])('%s is taken as it is', async (file, spec) => {
    const text = await readFile(new URL(`../../../../examples/${file}`, import.meta.url), 'utf8');
    const document = readDocument({ format: 'yaml', text });
    const parsed = document.ok ? parseManifest(document.value, { namespace: 'default', name: 'someapp' }) : document;
    expect(parsed).toMatchObject({ ok: true, spec });
  });
});
