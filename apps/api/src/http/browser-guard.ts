import { Problem } from './problem.ts';

/** What the guard looks at. */
export interface GuardedHeaders {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i;

/** Whether a host name or address, without its port, is this machine. */
export function isLoopbackHost(host: string): boolean {
  return LOOPBACK.test(host);
}

/**
 * Keeps pages of other sites from using the API with a person's browser, which can reach loopback too. A page may send a
 * request across origins (then its Origin is not ours) or make its own name resolve to 127.0.0.1 (then the Host is not ours).
 *
 * @param allowedHosts - names besides those of loopback under which the API may be called, without ports
 * @returns the refusal, or undefined
 */
export function refuseBrowser({ host, origin }: GuardedHeaders, allowedHosts: readonly string[]): Problem | undefined {
  const name = host === undefined ? undefined : withoutPort(host);
  if (name === undefined || !(isLoopbackHost(name) || allowedHosts.includes(name.toLowerCase()))) {
    const known = ['localhost', '127.0.0.1', '[::1]', ...allowedHosts].join(', ');
    return new Problem('foreignHost', `the Host header is ${host ?? 'absent'}; this API answers to ${known}`);
  }
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
    return new Problem('foreignOrigin', `a page of ${origin} may not use this API`);
  }
  return undefined;
}

function withoutPort(host: string): string {
  return host.replace(/:\d+$/, '');
}
