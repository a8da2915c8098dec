import { KubernetesError, type KubernetesClient, type KubernetesObject, type Location } from '@weir/kubernetes';

interface Stored extends KubernetesObject {
  readonly spec?: unknown;
}

type Patch = { readonly metadata?: Record<string, unknown>; readonly spec?: Record<string, unknown> };

/** One request, as `PATCH mappings app0-canary`. */
export interface Heard {
  readonly what: string;
  readonly body?: unknown;
  readonly fieldManager?: string;
}

/** An API server in memory: objects by kind and name, merge patches with its preconditions, and what it was asked. */
export class FakeKubernetes {
  readonly heard: Heard[] = [];
  private readonly objects = new Map<string, Stored>();
  private readonly meanwhile = new Map<string, (() => void)[]>();
  private version = 100;

  /** What the API is given in the place of a client. */
  readonly client = {
    get: (at: Location) => this.answered('GET', at, () => this.read(at)),
    list: (at: Location) => this.answered('LIST', at, () => ({ metadata: {}, items: this.all(at.resource.plural) })),
    mergePatch: (at: Location, body: Patch, { fieldManager }: { fieldManager: string }) =>
      this.answered('PATCH', at, () => this.patch(at, body), { body, fieldManager }),
    servedApiVersions: () => Promise.resolve(['getambassador.io/v3alpha1']),
  } as unknown as KubernetesClient;

  has(plural: string, ...objects: readonly Stored[]): this {
    objects.forEach((object) => this.objects.set(`${plural} ${object.metadata.name}`, object));
    return this;
  }

  gone(plural: string, name: string): void {
    this.objects.delete(`${plural} ${name}`);
  }

  stored(plural: string, name: string): Stored | undefined {
    return this.objects.get(`${plural} ${name}`);
  }

  /** Happens just before the next such request is served, once: `PATCH mappings app0-canary`. */
  before(what: string, happens: () => void): void {
    this.meanwhile.set(what, [...(this.meanwhile.get(what) ?? []), happens]);
  }

  /** What was asked, in order; with `verb` only that. */
  requests(verb = ''): string[] {
    return this.heard.map(({ what }) => what).filter((what) => what.startsWith(verb));
  }

  private answered<T>(verb: string, at: Location, serve: () => T, more: Omit<Heard, 'what'> = {}): Promise<T> {
    const what = [verb, at.resource.plural, at.name].filter(Boolean).join(' ');
    this.heard.push({ what, ...more });
    return Promise.resolve().then(() => {
      this.meanwhile.get(what)?.shift()?.();
      return serve();
    });
  }

  private all(plural: string): Stored[] {
    return [...this.objects].filter(([key]) => key.startsWith(`${plural} `)).map(([, object]) => object);
  }

  private read({ resource: { plural }, name = '' }: Location): Stored {
    const found = this.stored(plural, name);
    if (found === undefined) {
      throw new KubernetesError('notFound', `${plural} "${name}" not found`, 404);
    }
    return found;
  }

  /** A uid that differs is 422 and a resourceVersion that differs 409, as for custom resources. */
  private patch(at: Location, { metadata: { annotations, uid, resourceVersion } = {}, spec = {} }: Patch): Stored {
    const object = this.read(at);
    if (uid !== undefined && uid !== object.metadata.uid) {
      const causes = [{ field: 'metadata.uid', message: 'field is immutable' }];
      throw new KubernetesError('invalid', 'metadata.uid: field is immutable', 422, undefined, causes);
    }
    if (resourceVersion !== undefined && resourceVersion !== object.metadata.resourceVersion) {
      throw new KubernetesError('conflict', 'the object has been modified', 409);
    }
    const patched: Stored = {
      ...object,
      metadata: {
        ...object.metadata,
        resourceVersion: String(++this.version),
        annotations: merged(object.metadata.annotations, annotations as Record<string, unknown>) as Record<
          string,
          string
        >,
      },
      spec: merged(object.spec as Record<string, unknown>, spec),
    };
    this.has(at.resource.plural, patched);
    return patched;
  }
}

/** One level of a merge patch: `null` takes a member off. */
function merged(before: Readonly<Record<string, unknown>> = {}, change: Record<string, unknown> = {}) {
  return Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== null));
}
