import type { TestCluster } from '../support/cluster.ts';

/** Weir's REST API refused a request, or could not serve it. */
export class RestError extends Error {
  override readonly name = 'RestError';

  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

export interface RolloutKey {
  readonly namespace: string;
  readonly name: string;
}

/**
 * One request about a Rollout, as a user sends it; returns when it is answered.
 *
 * @param path - behind the Rollout, such as `/abort`
 * @throws RestError
 */
export async function rest(
  { apiUrl }: TestCluster,
  { namespace, name }: RolloutKey,
  method: 'PUT' | 'POST',
  path: string,
  body: object,
): Promise<void> {
  const url = `${apiUrl}/v1/namespaces/${namespace}/rollouts/${name}${path}`;
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method, headers, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) {
    throw new RestError(`${method} ${url}: ${response.status} ${text}`, response.status);
  }
}
