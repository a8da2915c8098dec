import { NAMESPACE, ROLLOUT } from './scene.ts';
import type { RolloutView } from './progress.ts';

/** The API promises an answer within 10 s, whatever is down behind it. */
const REQUEST_TIMEOUT_MS = 12_000;

/** The REST API, as far as the demo uses it. */
export class RolloutClient {
  /** Of the demo's rollout, for people too. */
  readonly url: string;

  constructor(apiUrl: string) {
    this.url = `${apiUrl}/v1/namespaces/${NAMESPACE}/rollouts/${ROLLOUT}`;
  }

  /** @throws with the answer when the API does not take the manifest. */
  async put(manifest: string): Promise<void> {
    const response = await fetch(this.url, {
      method: 'PUT',
      headers: { 'content-type': 'application/yaml' },
      body: manifest,
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    const answer = await response.text();
    if (!response.ok) {
      throw new Error(`PUT ${this.url} was answered with ${response.status}: ${answer}`);
    }
  }

  /** Takes a rollout of an earlier demo away; its run cleans up first. @throws when the API refuses. */
  async delete(): Promise<void> {
    const response = await fetch(this.url, { method: 'DELETE', signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
    const answer = await response.text();
    if (!response.ok && response.status !== 404) {
      throw new Error(`DELETE ${this.url} was answered with ${response.status}: ${answer}`);
    }
  }

  /** `undefined` when there is no such rollout. @throws when the API does not answer, or with an error. */
  async get(): Promise<RolloutView | undefined> {
    const response = await fetch(this.url, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
    if (response.status === 404) {
      return undefined;
    }
    const answer = await response.text();
    if (!response.ok) {
      throw new Error(`GET ${this.url} was answered with ${response.status}: ${answer}`);
    }
    return JSON.parse(answer) as RolloutView;
  }
}
