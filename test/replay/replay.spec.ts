import { expect, test } from '@jest/globals';
import { Worker } from '@temporalio/worker';
import { readFile, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { WORKFLOW_BUNDLE, quiet } from '../support/temporal.ts';

const TEST_TIMEOUT_MS = 60_000;
const DIRECTORY = fileURLToPath(new URL('histories/', import.meta.url));

/** Histories of released workflow code. A file that is merged is never edited: runs like it may still be open somewhere. */
const files = (await readdir(DIRECTORY)).filter((name) => name.endsWith('.json')).sort();

/** As `temporal workflow show --output json` writes it. */
interface History {
  readonly events: readonly {
    readonly activityTaskScheduledEventAttributes?: { readonly activityType: { name: string } };
  }[];
}

async function read(name: string): Promise<History> {
  return JSON.parse(await readFile(`${DIRECTORY}${name}`, 'utf8')) as History;
}

async function replay(history: History): Promise<Error | undefined> {
  quiet();
  const options = { workflowBundle: { codePath: WORKFLOW_BUNDLE } };
  const replays = Worker.runReplayHistories(options, [{ workflowId: 'rollout/c/ns/app', history }]);
  for await (const { error } of replays) {
    return error;
  }
  throw new Error('nothing was replayed');
}

test('there are histories to replay', () => {
  expect(files.length).toBeGreaterThan(0);
});

test.each(files)(
  'the workflow of today goes the way of %s',
  async (name) => {
    expect(await replay(await read(name))).toBeUndefined();
  },
  TEST_TIMEOUT_MS,
);

test(
  'a workflow that went another way would be noticed',
  async () => {
    const history = await read(files[0] ?? '');
    const scheduled = history.events.find(({ activityTaskScheduledEventAttributes: attributes }) => attributes);
    if (scheduled?.activityTaskScheduledEventAttributes) {
      scheduled.activityTaskScheduledEventAttributes.activityType.name = 'somethingElse';
    }
    expect(await replay(history)).toMatchObject({ name: 'DeterminismViolationError' });
  },
  TEST_TIMEOUT_MS,
);
