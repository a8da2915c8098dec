import { SERVICE_NAME_LABEL, readyPods, type EndpointSlice, type Following } from '@weir/activities';
import type { Change } from '@weir/kubernetes';

/**
 * The ready endpoints of every Service as the watch sees them, for whoever waits for those of one. Of each EndpointSlice only the
 * names of its pods are kept here. Pure bookkeeping.
 */
export class SeenEndpoints {
  /** By Service, then by EndpointSlice. */
  private readonly ready = new Map<string, Map<string, readonly string[]>>();
  private readonly followers = new Map<string, Set<Following>>();
  private isComplete = false;

  changed({ type, object }: Change<EndpointSlice>): void {
    const { namespace = '', name, labels } = object.metadata;
    const service = keyOf(namespace, labels?.[SERVICE_NAME_LABEL] ?? '');
    const slices = this.ready.get(service) ?? new Map<string, readonly string[]>();
    if (type === 'DELETED') {
      slices.delete(name);
    } else {
      slices.set(name, readyPods(object));
    }
    if (slices.size === 0) {
      this.ready.delete(service);
    } else {
      this.ready.set(service, slices);
    }
    this.tell(service);
  }

  /** All EndpointSlices have come. */
  listed(): void {
    this.isComplete = true;
    [...this.followers.keys()].forEach((service) => this.tell(service));
  }

  /** They are not seen for now. */
  broke(error: unknown): void {
    [...this.followers.values()].forEach((some) => some.forEach(({ onBreak }) => onBreak(error)));
  }

  follow(following: Following): void {
    const { namespace, service, onReady, signal } = following;
    if (signal.aborted) {
      return;
    }
    const key = keyOf(namespace, service);
    const followers = this.followers.get(key) ?? new Set();
    this.followers.set(key, followers.add(following));
    const stop = (): void => {
      followers.delete(following);
      if (followers.size === 0) {
        this.followers.delete(key);
      }
    };
    signal.addEventListener('abort', stop, { once: true });
    if (this.isComplete) {
      onReady(this.readyOf(key));
    }
  }

  private tell(service: string): void {
    if (this.isComplete) {
      const ready = this.readyOf(service);
      this.followers.get(service)?.forEach(({ onReady }) => onReady(ready));
    }
  }

  private readyOf(service: string): string[] {
    return [...(this.ready.get(service)?.values() ?? [])].flat();
  }
}

function keyOf(namespace: string, service: string): string {
  return `${namespace}/${service}`;
}
