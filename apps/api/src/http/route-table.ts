import type { FastifyInstance } from 'fastify';

/** Methods of each route, by the pattern that the router was given (`/v1/rollouts/:name`). */
export type RouteTable = Map<string, Set<string>>;

const tables = new WeakMap<object, RouteTable>();

/** Begins to note the routes of a server; call it before the first one is added. */
export function noteRoutes(fastify: FastifyInstance): void {
  const table: RouteTable = new Map();
  tables.set(fastify.server, table);
  fastify.addHook('onRoute', ({ url, method }) => {
    const methods = table.get(url) ?? new Set<string>();
    [method].flat().forEach((one) => methods.add(one));
    table.set(url, methods);
  });
}

export function routesOf(fastify: Pick<FastifyInstance, 'server'>): RouteTable {
  return tables.get(fastify.server) ?? new Map<string, Set<string>>();
}

/** Methods that some route takes at a path, sorted; empty when there is no route at all. */
export function methodsOf(table: RouteTable, path: string): string[] {
  const found = new Set<string>();
  for (const [pattern, methods] of table) {
    if (!pattern.includes('*') && matches(pattern, path)) {
      methods.forEach((method) => found.add(method));
    }
  }
  return [...found].sort();
}

function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split('/');
  const given = path.split('/');
  return (
    wanted.length === given.length &&
    wanted.every((part, index) => (part.startsWith(':') ? given[index] !== '' : part === given[index]))
  );
}
