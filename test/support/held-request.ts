export type Matcher = (method: string, body: string, url: string) => boolean;

/** A request that the API server has not seen yet. */
export interface HeldRequest {
  /** Resolves when it is here. */
  readonly arrived: Promise<void>;
  /** Lets it go on, although whoever sent it may have given it up; resolves with the status that the API server answers. */
  release(): Promise<number>;
}

/** Lets one request wait. */
export class Gate implements HeldRequest {
  readonly arrived: Promise<void>;
  readonly opened: Promise<void>;
  private readonly status: Promise<number>;
  private isFree = true;
  private arrive: () => void = () => undefined;
  private letGo: () => void = () => undefined;
  private tell: (status: number) => void = () => undefined;

  constructor(private readonly matches: Matcher) {
    this.arrived = new Promise((resolve) => (this.arrive = resolve));
    this.opened = new Promise((resolve) => (this.letGo = resolve));
    this.status = new Promise((resolve) => (this.tell = resolve));
  }

  keeps(...request: Parameters<Matcher>): boolean {
    const isMine = this.isFree && this.matches(...request);
    if (isMine) {
      this.isFree = false;
      this.arrive();
    }
    return isMine;
  }

  open(): void {
    this.letGo();
  }

  answered(status: number): void {
    this.tell(status);
  }

  release(): Promise<number> {
    this.open();
    return this.status;
  }
}
