import { describe, expect, test } from '@jest/globals';
import { phaseOf } from './phase.ts';
import type { ServedReport } from './run.ts';
import { runSummary } from './status.ts';
import { Scene } from './testing/scene.ts';
import { pause, setWeight, specWithPods } from './testing/specs.ts';
import type { RolloutSpec } from './types.ts';

const SPEC = specWithPods([setWeight(30), pause(60_000), setWeight(60), pause()]);
const BEHIND: ServedReport = { state: 'notServed', weight: 0, message: 'b serves 0 % of app0-canary and not 30 %' };
const SILENT: ServedReport = { state: 'unknown', message: 'b cannot be asked: refused' };
const ASKED = 'awaitServedWeight';

/** v1 is stable, v2 is wanted and has its pods, and the gateway says this when it is asked. */
function asking(spec: RolloutSpec, ...says: readonly ServedReport[]): Scene {
  const scene = Scene.deployed(spec, 'v1');
  scene.verifies = true;
  scene.gateway.push(...says);
  scene.change({ image: 'v2' });
  scene.play();
  scene.podsComeUp();
  return scene;
}

const many = (report: ServedReport, count: number): ServedReport[] => Array.from({ length: count }, () => report);

describe('a gateway that can be asked', () => {
  test('is asked for each weight, and the pause begins when it serves it', () => {
    const scene = asking(SPEC, BEHIND);
    const writtenAtMs = scene.nowMs;
    const course = scene.play();
    expect(course.slice(-4)).toEqual(['weight 30', ASKED, ASKED, 'wait: step 2: pause at 30 %']);
    expect(scene.nowMs - writtenAtMs).toBe(8_000);
    expect(scene.run.pauseDeadlineMs).toBe(scene.nowMs + 60_000);
  });

  test('holds the run at the weight when it does not serve it in time, and is asked again every 15 s', () => {
    const scene = asking(SPEC, ...many(BEHIND, 5));
    const writtenAtMs = scene.nowMs;
    const message = `WeightNotServed: ${BEHIND.message}`;
    expect(scene.play().at(-1)).toBe(`wait: ${message}`);
    expect(scene.nowMs - writtenAtMs).toBe(30_000);
    expect(phaseOf(scene.run)).toEqual({ phase: 'Degraded', message });
    expect(scene.notices).toContain(`! ${message}`);
    scene.pass(15);
    expect(scene.play()).toEqual([ASKED, `wait: ${message}`]);
    scene.pass(15);
    expect(scene.play()).toEqual([ASKED, 'wait: step 2: pause at 30 %']);
    expect(scene.notices).toContain('WeightServed: the gateway serves weight 30');
    expect(phaseOf(scene.run).phase).toBe('Paused');
  });

  test('has as long as the annotation says', () => {
    const scene = asking({ ...SPEC, servedDeadlineSeconds: 3 }, BEHIND);
    const writtenAtMs = scene.nowMs;
    scene.play();
    expect(scene.nowMs - writtenAtMs).toBe(3_000);
    expect(phaseOf(scene.run).phase).toBe('Degraded');
  });

  test('is unknown, not behind, when an instance cannot be asked: the weight counts as written after the deadline', () => {
    const scene = asking(SPEC, ...many(SILENT, 4));
    const writtenAtMs = scene.nowMs;
    expect(scene.play().at(-1)).toBe('wait: step 2: pause at 30 %');
    expect(scene.nowMs - writtenAtMs).toBe(30_000);
    expect(scene.notices.filter((one) => one.includes('GatewayUnreachable'))).toHaveLength(1);
    expect(runSummary(scene.run)).toMatchObject({
      weight: { intended: 30, written: 30 },
      served: { state: 'unknown' },
    });
  });

  test('is shown beside what is intended and written', () => {
    const scene = asking(SPEC, ...many(BEHIND, 5));
    scene.play();
    expect(runSummary(scene.run).weight).toEqual({ intended: 30, written: 30, served: 0 });
    expect(runSummary(scene.run).served).toEqual({ state: 'notServed', message: BEHIND.message });
  });

  test.each(['promote', 'skip'] as const)('is not waited for by a person who says %s', (command) => {
    const scene = asking(SPEC, ...many(BEHIND, 5));
    scene.play();
    scene.give(command);
    expect(scene.play()).toEqual(['wait: step 2: pause at 30 %']);
    expect(phaseOf(scene.run).phase).toBe('Paused');
  });

  test('never holds an abort: weight 0 and the removal do not wait for it', () => {
    const scene = asking(SPEC, ...many(BEHIND, 5));
    scene.play();
    scene.give('abort');
    const course = scene.play();
    expect(course.slice(0, 3)).toEqual(['weight 0', 'removeCanaryMappings', 'releaseRollout']);
  });

  test('serves all traffic to the canary before the stable Service is switched', () => {
    const scene = asking(specWithPods([]), ...many(BEHIND, 4));
    expect(scene.play().at(-1)).toBe(`wait: WeightNotServed: ${BEHIND.message}`);
    expect(scene.run.writtenWeight).toBe(100);
    scene.pass(15);
    expect(scene.play()).toContain('stable Service -> v2');
  });

  test('is asked whether the canary Mapping is gone before old pods go, however long that takes', () => {
    const scene = asking(specWithPods([], { scaleDownDelaySeconds: 0 }));
    scene.play();
    expect(scene.run.stage).toBe('settling');
    scene.gateway.push(...many({ ...BEHIND, weight: 100 }, 4));
    scene.pass(5);
    const course = scene.play();
    expect(course).not.toContain('v1: 0 pods');
    expect(course.at(-1)).toContain('WeightNotServed');
    scene.pass(15);
    expect(scene.play()).toContain('v1: 0 pods');
  });

  test('that has an error about a Mapping keeps the pods of a settled run waiting, and is asked again in its time', () => {
    const scene = asking(specWithPods([], { scaleDownDelaySeconds: 0 }));
    scene.play();
    scene.gateway.push(...many(BEHIND, 4));
    scene.pass(5);
    scene.play();
    const problem = { reason: 'GatewayRefusedMapping', message: 'b: mismatched load_balancer' };
    scene.evolve({ kind: 'failed', problem });
    expect(scene.play()).toEqual(['wait: WeightNotServed: b: mismatched load_balancer']);
    scene.pass(15);
    expect(scene.play()).toContain('v1: 0 pods');
  });

  test('is not asked for a weight of 0', () => {
    const scene = asking(specWithPods([setWeight(0), pause()]));
    expect(scene.play()).not.toContain(ASKED);
  });

  test('is asked again after a repair in a pause, whose deadline stands', () => {
    const scene = asking(SPEC);
    scene.play();
    const { pauseDeadlineMs } = scene.run;
    scene.repaired = { repairs: [{ mapping: 'app0-canary', what: 'canaryEdited', fields: ['spec.weight'] }] };
    scene.hearOfMappings();
    expect(scene.play()).toEqual(['repairCanaryMappings', ASKED, 'wait: step 2: pause at 30 %']);
    expect(scene.run.pauseDeadlineMs).toBe(pauseDeadlineMs);
  });
});

test('a gateway that cannot be asked is not: a weight counts when it is written', () => {
  const scene = Scene.trying(SPEC);
  expect(scene.courses).not.toContain(ASKED);
  expect(runSummary(scene.run)).toMatchObject({ weight: { intended: 30, written: 30 } });
  expect(runSummary(scene.run)).not.toHaveProperty('served');
});
