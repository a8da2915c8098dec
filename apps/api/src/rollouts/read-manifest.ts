import { ADOPT_ANNOTATION, type RolloutSpec } from '@weir/rollout';
import { parseManifest, type StoredRollout } from '@weir/rollout/manifest';
import type { RawBody } from '../http/body.ts';
import type { RolloutKey } from '../http/parameters.ts';
import { Problem, type ProblemField } from '../http/problem.ts';
import { readDocument } from '../manifest/read-document.ts';

/** A manifest that can be stored, and what Weir reads in it. */
export interface WantedRollout {
  readonly rollout: StoredRollout;
  readonly spec: RolloutSpec;
}

/** @throws Problem that says what is wrong with the text or names every bad field */
export function readManifest(body: RawBody | undefined, key: RolloutKey): WantedRollout {
  const document = readDocument(body ?? { format: 'json', text: '' });
  if (!document.ok) {
    const { message, line, column } = document;
    const where = line === undefined ? '' : ` (line ${line}, column ${column})`;
    throw new Problem('malformedBody', message + where, { members: line === undefined ? {} : { line, column } });
  }
  const parsed = parseManifest(document.value, key);
  if (!parsed.ok) {
    throw invalidManifest(parsed.errors);
  }
  return parsed;
}

export function invalidManifest(errors: readonly ProblemField[]): Problem {
  const detail = errors.map(({ path, message }) => `${path || 'the manifest'} ${message}`).join('; ');
  return new Problem('invalidManifest', detail, { errors });
}

/** The manifest with the wish to take over what an Argo controller left, as if it were written in it. */
export function adopting({ rollout, spec }: WantedRollout): WantedRollout {
  const annotations = { ...rollout.metadata.annotations, [ADOPT_ANNOTATION]: 'true' };
  return { rollout: { ...rollout, metadata: { ...rollout.metadata, annotations } }, spec: { ...spec, adopt: true } };
}
