import { type Clock, sleep } from "../../kernel/index.ts";

export interface Phase {
  readonly id: string;
  readonly label: string;
  startedAtMs: number | undefined;
  endedAtMs: number | undefined;
}

/** The phases of a scenario that is played, and the waiting in it. */
export class Stage {
  readonly phases: readonly Phase[];
  readonly startedAtMs: number;
  readonly signal: AbortSignal;
  readonly #clock: Clock;
  readonly #say: (line: string) => void;

  constructor(
    phases: readonly { readonly id: string; readonly label: string }[],
    options: { readonly clock: Clock; readonly signal: AbortSignal; readonly say: (line: string) => void },
  ) {
    this.phases = phases.map((phase) => ({ ...phase, startedAtMs: undefined, endedAtMs: undefined }));
    this.#clock = options.clock;
    this.startedAtMs = options.clock.wallMs();
    this.signal = options.signal;
    this.#say = options.say;
  }

  get nowMs(): number {
    return this.#clock.wallMs();
  }

  /** Ends the running phase and begins another. */
  begin(id: string): void {
    const nowMs = this.#clock.wallMs();
    for (const phase of this.phases) {
      if (phase.startedAtMs !== undefined) phase.endedAtMs ??= nowMs;
      if (phase.id === id) {
        phase.startedAtMs = nowMs;
        phase.endedAtMs = undefined;
        this.#say(`── ${phase.label}`);
      }
    }
  }

  end(): void {
    for (const phase of this.phases) if (phase.startedAtMs !== undefined) phase.endedAtMs ??= this.#clock.wallMs();
  }

  pause(ms: number): Promise<void> {
    return sleep(this.#clock, ms, this.signal);
  }

  /** Looks every 100 ms; false when it was not so within `limitMs`, or the scenario was stopped. */
  async until(condition: () => boolean | Promise<boolean>, limitMs: number): Promise<boolean> {
    const deadlineMs = this.#clock.monoMs() + limitMs;
    for (;;) {
      if (await condition()) return true;
      if (this.signal.aborted || this.#clock.monoMs() > deadlineMs) return false;
      await sleep(this.#clock, 100, this.signal);
    }
  }
}
