import type { KubernetesClient } from '@weir/kubernetes';
import { MAPPINGS, mapping } from '../support/objects.ts';
import type { Row, Sample, SideName } from './figures.ts';
import { BARE_PATCH } from './rows.ts';
import type { Watched } from './watched.ts';

const NAME = 'bare';
const MANAGER = { fieldManager: 'bench' };
const MOST = 99;

/**
 * The least that a change of a weight can take: one PATCH of a Mapping that belongs to nobody, until everybody who watches
 * is told of it. Measured in between, because it says how fast the machine was in the same minutes.
 */
export class BarePatch {
  /** Milliseconds, in the order in which they were measured. */
  readonly values: number[] = [];
  private weight = 0;

  private constructor(
    private readonly kubernetes: KubernetesClient,
    private readonly clock: Watched,
    private readonly namespace: string,
  ) {}

  static async in(kubernetes: KubernetesClient, clock: Watched, namespace: string): Promise<BarePatch> {
    const object = mapping(NAME, { prefix: `/${namespace}/${NAME}`, weight: 0 });
    await kubernetes.create({ resource: MAPPINGS, namespace }, object, MANAGER);
    return new BarePatch(kubernetes, clock, namespace);
  }

  /** Some, one after the other. */
  async measure(times: number): Promise<void> {
    for (let left = times; left > 0; left--) {
      this.values.push(await this.once());
    }
  }

  /** As a row of its own. */
  sample(side: SideName, when: Row['when']): Sample {
    return { what: BARE_PATCH, when, side, values: [...this.values] };
  }

  private async once(): Promise<number> {
    this.weight = (this.weight % MOST) + 1;
    const { weight, namespace } = this;
    const sentAtMs = performance.now();
    const [writtenAtMs] = await Promise.all([
      this.clock.mapping(NAME, (now) => now?.spec.weight === weight),
      this.kubernetes.mergePatch({ resource: MAPPINGS, namespace, name: NAME }, { spec: { weight } }, MANAGER),
    ]);
    return writtenAtMs - sentAtMs;
  }
}
