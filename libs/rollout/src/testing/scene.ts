import { take, type Command } from '../commands.ts';
import type { RunEvent } from '../evolve.ts';
import { noticesOf } from '../events.ts';
import type { Observation, ObservedRollout, Problem } from '../run.ts';
import type { RolloutSpec } from '../types.ts';
import type { Workload } from '../workload.ts';
import { SimulatedCluster } from './simulated-cluster.ts';

/** What an observation says besides what the simulated cluster has. */
interface Besides {
  readonly rollout?: Partial<ObservedRollout>;
  readonly problems?: readonly Problem[];
  readonly referenced?: Workload['referenced'];
  /** What a run that was terminated left behind. */
  readonly canaryMappings?: Observation['canaryMappings'];
  readonly adoptable?: Observation['adoptable'];
}

/** A simulated cluster as a story: things happen, and {@link play} says what the runs did about it. */
export class Scene extends SimulatedCluster {
  /** Kubernetes Events, as `reason: message`. */
  readonly notices: string[] = [];
  besides: Besides = {};
  private told = 0;

  /** Each image is deployed and promoted in full, the last one is stable, and nobody waits for anything. */
  static deployed(spec: RolloutSpec, ...images: readonly [string, ...string[]]): Scene {
    const scene = new Scene(spec, images[0], () => true);
    scene.tell();
    for (const image of images) {
      scene.rollOut(image);
    }
    scene.play();
    scene.notices.length = 0;
    return scene;
  }

  /** v1 is stable, v2 is wanted, and its pods have come up once. */
  static trying(spec: RolloutSpec): Scene {
    const scene = Scene.deployed(spec, 'v1');
    scene.change({ image: 'v2' });
    scene.play();
    scene.podsComeUp();
    scene.play();
    return scene;
  }

  /** Does what is to be done until there is only waiting. @returns what was done, and what for it waits */
  play(): string[] {
    const waiting = this.drive();
    const done = this.courses.slice(this.told);
    this.told = this.courses.length;
    return waiting?.kind === 'wait' ? [...done, `wait: ${waiting.why}`] : done;
  }

  /** Somebody gives a command to the open run. */
  give(name: Command['name'], more: Partial<Command> = {}): void {
    const before = this.run;
    this.run = take(before, { name, actor: 'ana', ...more }, this.nowMs);
    this.note(noticesOf(before, this.run));
  }

  /** What a look would find. */
  observed(): Workload {
    return super.observation().workload ?? { revisions: [], services: {}, selector: '' };
  }

  pass(seconds: number): void {
    this.nowMs += seconds * 1_000;
  }

  override evolve(event: RunEvent): void {
    const before = this.run;
    super.evolve(event);
    this.note(noticesOf(before, this.run, event));
  }

  protected override observation(): Observation {
    const { rollout, workload, ...rest } = super.observation();
    const { rollout: more, problems = [], referenced, canaryMappings, adoptable } = this.besides;
    return {
      ...rest,
      problems,
      ...(canaryMappings && { canaryMappings }),
      ...(adoptable && { adoptable }),
      ...(rollout && { rollout: { ...rollout, ...more } }),
      ...(workload && { workload: { ...workload, ...(referenced && { referenced }) } }),
    };
  }

  private note(notices: ReturnType<typeof noticesOf>): void {
    this.notices.push(
      ...notices.map(({ type, reason, message }) => `${type === 'Warning' ? '! ' : ''}${reason}: ${message}`),
    );
  }

  private rollOut(image: string): void {
    this.change({ image });
    for (let rounds = 20; rounds > 0 && !this.isIdle; rounds--) {
      this.podsComeUp();
      const waiting = this.drive();
      this.give('promote', { full: true });
      const isOver = this.run.stage === 'settling' && waiting?.kind === 'wait';
      this.nowMs = isOver ? (waiting.untilMs ?? this.nowMs) : this.nowMs;
    }
    if (!this.isIdle) {
      throw new Error(`${image} was not promoted: ${this.courses.slice(-5).join(', ')}`);
    }
  }
}
