import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Course } from './course.ts';

/** Writes the golden files anew instead of comparing with them. */
const UPDATE_VARIABLE = 'UPDATE_GOLDEN';
const FOLDER = new URL('../../e2e/golden/', import.meta.url);

/** A course as a file that people read: title, writes, phases. */
export function renderCourse(title: string, { writes, phases }: Course): string {
  const list = (name: string, lines: readonly string[]): string =>
    [`${name}:`, ...lines.map((line) => `  ${line}`)].join('\n');
  return `${title}\n\n${list('writes', writes)}\n\n${list('phases', phases)}\n`;
}

/**
 * The text of a golden file. With UPDATE_GOLDEN=1 it is first replaced by `actual`.
 *
 * @throws Error that says how to make it when there is none
 */
export async function goldenText(name: string, actual: string): Promise<string> {
  const path = fileURLToPath(new URL(`${name}.txt`, FOLDER));
  if (process.env[UPDATE_VARIABLE] === '1') {
    await writeFile(path, actual);
  }
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw new Error(
      `there is no golden file ${name}.txt: run the test with ${UPDATE_VARIABLE}=1, and read what it wrote`,
      {
        cause: error,
      },
    );
  });
}
