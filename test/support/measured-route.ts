import { expect } from '@jest/globals';
import type { Gateway } from './gateway.ts';
import { isWithinChance, startLoad, type Load } from './load.ts';
import { MAPPINGS, mapping } from './objects.ts';
import type { Scenario } from './scenario.ts';
import { eventually } from './wait.ts';

const REQUESTS_PER_SECOND = 400;
/** Of one measurement: enough to tell 30 % from 40 %, and dangerous is what comes to 0, 60 or 100. */
const REQUESTS = 800;
const MEASURE_TIMEOUT_MS = 60_000;

/** The route of a scenario's stable Mapping under constant load, through all instances of the gateway in turn. */
export class MeasuredRoute {
  private markers = 0;

  private constructor(
    private readonly gateways: readonly Gateway[],
    private readonly scenario: Scenario,
    private readonly load: Load,
  ) {}

  /** When every instance serves the route. */
  static async of(scenario: Scenario, gateways: readonly Gateway[]): Promise<MeasuredRoute> {
    const path = `/${scenario.namespace}/stable-mapping/`;
    await isServed(gateways, path);
    const urls = gateways.map(({ url }) => url);
    return new MeasuredRoute(gateways, scenario, startLoad({ urls, path, requestsPerSecond: REQUESTS_PER_SECOND }));
  }

  /**
   * Every instance serves what the cluster was told until now: it serves a Mapping that is made after all that, and it takes
   * changes in their order.
   */
  async caughtUp(): Promise<void> {
    await isServed(this.gateways, await this.marker());
  }

  /** Makes a Mapping that has nothing to do with the rollout. @returns the path of its route */
  async marker(): Promise<string> {
    this.markers += 1;
    const name = `marker-${this.markers}`;
    const path = `/${this.scenario.namespace}/${name}/`;
    await this.scenario.create(MAPPINGS, mapping(name, { prefix: path }));
    return path;
  }

  /** Over {@link REQUESTS} requests from now on, the canary answers its share, as far as chance lets one tell. */
  async canaryHas(percent: number): Promise<void> {
    const sinceMs = Date.now();
    await eventually(
      `${REQUESTS} requests`,
      async () => this.load.counts(sinceMs).total >= REQUESTS,
      MEASURE_TIMEOUT_MS,
    );
    const { canary, total } = this.canaryOf(sinceMs);
    const seen = `${canary} of ${total}`;
    expect({ seen, plausible: isWithinChance(canary, total, percent) }).toEqual({ seen, plausible: true });
  }

  /** Since then the canary had its share, or less. */
  canaryHadAtMost(percent: number, sinceMs: number): void {
    const { canary, total } = this.canaryOf(sinceMs);
    const seen = `${canary} of ${total}`;
    const isLess = canary * 100 <= percent * total;
    expect({ seen, plausible: isLess || isWithinChance(canary, total, percent) }).toEqual({ seen, plausible: true });
  }

  /** Of the requests that began since then; all without it. */
  noneFailed(sinceMs?: number): void {
    expect(this.load.counts(sinceMs).problems).toEqual({});
  }

  problems(sinceMs?: number): Readonly<Record<string, number>> {
    return this.load.counts(sinceMs).problems;
  }

  stop(): Promise<void> {
    return this.load.stop();
  }

  private canaryOf(sinceMs: number): { readonly canary: number; readonly total: number } {
    const { byRevision, total } = this.load.counts(sinceMs);
    return { canary: byRevision[this.scenario.revisionOfCanary()] ?? 0, total };
  }
}

async function isServed(gateways: readonly Gateway[], path: string): Promise<void> {
  await Promise.all(
    gateways.map((gateway) =>
      eventually(`${path} is served`, async () => (await gateway.request(path)).status !== 404),
    ),
  );
}
