import { expect, test } from '@jest/globals';
import { NOTHING_BRAKED, abortMessage, brakeView, type AbortFate, type Braked } from './braked.ts';

const TWO: Braked = {
  ...NOTHING_BRAKED,
  seen: true,
  written: [
    { name: 'b0-canary', weight: 0 },
    { name: 'a0-canary', weight: 0 },
  ],
};
const DYNAMIC: Braked = { ...NOTHING_BRAKED, seen: true, written: [{ name: 'a0-canary', weight: 25 }] };
const ON_ROLLOUT: Braked = { ...NOTHING_BRAKED, isOnRollout: true };
const FAILED: Braked = { ...NOTHING_BRAKED, problems: ['the brake could not be written (no answer)'] };
const HALF: Braked = {
  ...DYNAMIC,
  written: [{ name: 'a0-canary', weight: 0 }],
  problems: ['Mapping b0-canary is not ours'],
};
const KEEPS = 'the canary keeps 25 % until stable has pods for the rest';
const FOR_LATER = 'the order stands on the Rollout, for canary Mappings that are not there yet';

test.each<[string, Braked, ReturnType<typeof brakeView>]>([
  ['all of them', TWO, { weight: 0, mappings: ['a0-canary', 'b0-canary'] }],
  ['no more than stable can carry', DYNAMIC, { weight: 25, mappings: ['a0-canary'], note: KEEPS }],
  ['the Rollout', ON_ROLLOUT, { weight: 0, mappings: [], note: FOR_LATER }],
  ['some of them', HALF, { weight: 0, mappings: ['a0-canary'], note: 'Mapping b0-canary is not ours' }],
  ['nothing', FAILED, null],
])('an answer says that the brake has written %s', (_, braked, view) => {
  expect(brakeView(braked)).toEqual(view);
});

test.each<[string, Braked, AbortFate, string]>([
  [
    'of a run that was told',
    TWO,
    'told',
    'weight 0 is written on a0-canary, b0-canary; the run was told to take the traffic back to stable',
  ],
  [
    'while Temporal is away',
    DYNAMIC,
    'temporalAway',
    `weight 25 is written on a0-canary; ${KEEPS}; Temporal cannot be reached, and the run ends aborted when it is back`,
  ],
  [
    'of what a terminated run left',
    HALF,
    'broughtHome',
    'weight 0 is written on a0-canary; Mapping b0-canary is not ours; no run was open, and one was started that takes the ' +
      'traffic back to stable',
  ],
  [
    'that Temporal does not take',
    ON_ROLLOUT,
    'temporalRefuses',
    `${FOR_LATER}; Temporal did not take the abort from the API, and a worker tells the run in its place`,
  ],
  ['without a brake', NOTHING_BRAKED, 'told', 'the run was told to take the traffic back to stable'],
  [
    'without the cluster',
    FAILED,
    'told',
    'the brake could not be written (no answer); the run was told to take the traffic back to stable',
  ],
])('the message of an abort %s', (_, braked, fate, message) => {
  expect(abortMessage(braked, fate)).toBe(message);
});
