import { AppError, type Clock, type Random, type Timer, messageOf } from "../../kernel/index.ts";
import { backoffDelayMs } from "../../call/index.ts";
import { type Log, type MetricsRegistry, silentLog } from "../../telemetry/index.ts";

/** When a reconcile is made, and how long it may take. */
export interface PacerOptions {
  /** The longest pause between two, less up to a fifth, so that controllers do not go in step. */
  readonly intervalMs: number;
  /** What comes within this time after a wake is done with it. */
  readonly debounceMs: number;
  /** One that takes longer is abandoned. */
  readonly deadlineMs: number;
  /** How long an abandoned one is waited for before the next begins without it. */
  readonly graceMs: number;
  readonly run: (run: Run) => Promise<void>;
}

export const PACER_DEFAULTS = Object.freeze({ intervalMs: 30_000, debounceMs: 200, deadlineMs: 240_000, graceMs: 10_000 });

/** One reconcile under way. */
export interface Run {
  /** Why it is made, each reason once. */
  readonly reasons: readonly string[];
  /** Aborts when it must end: it took too long, or the controller stops. Nothing may be written after that. */
  readonly signal: AbortSignal;
  /**
   * To be called when all that adds is done: from now on whoever wakes the pacer ends it, because additions must not wait for removals. What is under
   * way is finished; nothing more is begun.
   */
  removing(): AbortSignal;
}

export interface PacerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log?: Log;
  readonly metrics?: MetricsRegistry;
}

/** Makes one reconcile after another, never two at once, and never stops because one hangs or throws. */
export interface Pacer {
  start(): void;
  /** Something changed; `reason` in a word or two for the log. */
  wake(reason: string): void;
  /** Begins none any more; resolves when the one under way has ended, at the latest after `graceMs`. */
  stop(): Promise<void>;
}

const FAILED_BACKOFF = { baseMs: 1_000, capMs: 30_000 };

interface UnderWay {
  readonly abort: AbortController;
  removing: AbortController | undefined;
  readonly ended: Promise<void>;
}

export function createPacer(options: PacerOptions, deps: PacerDeps): Pacer {
  return new ReconcilePacer(options, deps);
}

class ReconcilePacer implements Pacer {
  readonly #options: PacerOptions;
  readonly #deps: PacerDeps;
  readonly #log: Log;
  #reasons = new Set<string>();
  #timer: Timer | undefined;
  #dueMonoMs = Infinity;
  #current: UnderWay | undefined;
  #failures = 0;
  #isStarted = false;
  #isStopped = false;

  constructor(options: PacerOptions, deps: PacerDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#log = deps.log ?? silentLog;
  }

  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.wake("start");
  }

  wake(reason: string): void {
    if (this.#isStopped) return;
    this.#reasons.add(reason);
    if (this.#current?.removing !== undefined) this.#current.removing.abort(new AppError("ALB_PREEMPTED", `more to add: ${reason}`));
    if (this.#isStarted && this.#current === undefined) this.#schedule(this.#options.debounceMs);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    const { abort, ended } = this.#current ?? {};
    abort?.abort(new AppError("ALB_STOPPED", "the controller stops"));
    await ended;
  }

  /** The earlier of two wishes counts. */
  #schedule(delayMs: number): void {
    const { clock } = this.#deps;
    const dueMonoMs = clock.monoMs() + delayMs;
    if (this.#isStopped || dueMonoMs >= this.#dueMonoMs) return;
    this.#timer?.cancel();
    this.#dueMonoMs = dueMonoMs;
    this.#timer = clock.timer(delayMs, () => this.#begin());
  }

  #begin(): void {
    this.#dueMonoMs = Infinity;
    const reasons = this.#reasons.size === 0 ? ["interval"] : [...this.#reasons];
    this.#reasons = new Set();
    const abort = new AbortController();
    const current: UnderWay = {
      abort,
      removing: undefined,
      ended: Promise.resolve().then(() => this.#make(reasons, abort, (removing) => (current.removing = removing))),
    };
    this.#current = current;
    void current.ended.then(() => {
      this.#current = undefined;
      this.#plan();
    });
  }

  #plan(): void {
    if (this.#isStopped) return;
    const { random } = this.#deps;
    if (this.#failures > 0) return this.#schedule(backoffDelayMs(FAILED_BACKOFF, this.#failures - 1, random));
    return this.#schedule(this.#reasons.size > 0 ? this.#options.debounceMs : this.#options.intervalMs * (1 - random.next() * 0.2));
  }

  /** Resolves when the reconcile ended, or was given up; never rejects. */
  async #make(reasons: readonly string[], abort: AbortController, onRemoving: (removing: AbortController) => void): Promise<void> {
    const { clock } = this.#deps;
    const { deadlineMs, graceMs } = this.#options;
    const startedMs = clock.monoMs();
    const run: Run = {
      reasons,
      signal: abort.signal,
      removing: () => {
        const removing = new AbortController();
        onRemoving(removing);
        if (this.#reasons.size > 0) removing.abort(new AppError("ALB_PREEMPTED", `more to add: ${[...this.#reasons].join(", ")}`));
        return AbortSignal.any([abort.signal, removing.signal]);
      },
    };
    const outcome = new Promise<"ok" | "failed">((resolve) => resolve(this.#options.run(run).then(() => "ok"))).catch((thrown: unknown) => {
      if (!abort.signal.aborted) this.#log.error({ error: messageOf(thrown), reasons }, "a reconcile failed");
      return "failed" as const;
    });
    const deadline = clock.timer(deadlineMs, () => {
      abort.abort(new AppError("ALB_RECONCILE_DEADLINE", `a reconcile took more than ${deadlineMs} ms`));
    });
    const ended = await Promise.race([outcome, givenUp(abort.signal, graceMs, clock)]);
    deadline.cancel();
    const result = abort.signal.aborted && !this.#isStopped ? "abandoned" : ended;
    if (result === "abandoned")
      this.#log.error({ reasons, deadlineMs }, "a reconcile was abandoned: it took too long, and writes nothing more");
    this.#failures = result === "ok" ? 0 : this.#failures + 1;
    this.#meter(result, clock.monoMs() - startedMs);
  }

  #meter(result: string, durationMs: number): void {
    const { metrics } = this.#deps;
    metrics
      ?.counter("holdfast_alb_reconciles_total", "Reconciles by how they ended: ok, failed, abandoned.", ["result"])
      .with(result)
      .add();
    metrics
      ?.histogram("holdfast_alb_reconcile_seconds", "How long reconciles took.", [0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 240])
      .with()
      .observe(durationMs / 1000);
  }
}

/** Resolves some time after `signal` aborted. */
function givenUp(signal: AbortSignal, graceMs: number, clock: Clock): Promise<"failed"> {
  return new Promise((resolve) => {
    const give = (): void => void clock.timer(graceMs, () => resolve("failed"));
    if (signal.aborted) give();
    else signal.addEventListener("abort", give, { once: true });
  });
}
