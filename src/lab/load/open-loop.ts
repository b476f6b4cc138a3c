import { Agent } from "node:http";
import type { Clock, Random, Timer } from "../../kernel/index.ts";
import { whenIdleConnectionsAreChecked } from "../alb/index.ts";
import { attempt } from "./attempt.ts";
import type { KillNotice, LoadHostConfig, LoadTargetConfig } from "./config.ts";
import { Ledger, type LoadTotals } from "./ledger.ts";
import type { SeriesPoint } from "./series.ts";

/** An idle connection is given up before an ALB would (60 s), so that no request meets its FIN. */
const IDLE_CONNECTION_MS = 30_000;

export interface OpenLoopDeps {
  readonly clock: Clock;
  readonly random: Random;
}

/** What one loop has seen. */
export interface OpenLoopState {
  readonly policy: string;
  readonly isRunning: boolean;
  /** When the accounts begin, Unix milliseconds. */
  readonly startedAtMs: number;
  readonly totals: LoadTotals;
  readonly series: readonly SeriesPoint[];
  /** The first second that may still change, by an answer or by a kill notice; pass it as `since` next time. */
  readonly next: number;
}

/**
 * Sends requests on a schedule of their own, however slowly they are answered, as users do. Times count from the moment
 * a request was due, so that a pause of the server shows in full (no coordinated omission), and every request that was
 * due is accounted for: right, failed, torn down by an announced kill, or outstanding.
 */
export class OpenLoop {
  readonly #config: LoadTargetConfig;
  readonly #deps: OpenLoopDeps;
  readonly #agent = new Agent({ keepAlive: true, scheduling: "lifo", timeout: IDLE_CONNECTION_MS, maxFreeSockets: 1024 });
  readonly #waitingForIdle: (() => void)[] = [];
  #ledger: Ledger;
  #nextMs = 0;
  #hosts: readonly LoadHostConfig[];
  #turn = 0;
  #unanswered = 0;
  #timer: Timer | undefined;

  constructor(config: LoadTargetConfig, deps: OpenLoopDeps) {
    this.#config = config;
    this.#hosts = config.hosts;
    this.#deps = deps;
    this.#ledger = this.#newLedger();
  }

  start(): void {
    if (this.#timer !== undefined) return;
    this.#ledger = this.#newLedger();
    this.#nextMs = this.#deps.clock.monoMs();
    this.#tick();
  }

  /** Sends nothing more and resolves when all that was sent is answered or has timed out. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#unanswered > 0) await new Promise<void>((resolve) => this.#waitingForIdle.push(resolve));
    this.#agent.destroy();
  }

  /** Ends at once; what is unanswered fails. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#agent.destroy();
  }

  /** From the next request on asks for this host, too; one that is there already stays as it is. */
  addHost(host: LoadHostConfig): void {
    if (!this.#hosts.some((known) => known.host === host.host && known.path === host.path)) this.#hosts = [...this.#hosts, host];
  }

  /** Begins new accounts; what is unanswered belongs to the old ones and is in no total any more. */
  reset(): void {
    this.#ledger = this.#newLedger();
  }

  /** Counts what an announced kill tore down apart from failures. Says how many that are up to now. */
  noteKill(notice: KillNotice): number {
    return this.#ledger.noteKill(notice);
  }

  /** Totals, and the series from second `since` on. */
  state(since = 0): OpenLoopState {
    const { points, next } = this.#ledger.series(since);
    return {
      policy: this.#config.policy,
      isRunning: this.#timer !== undefined,
      startedAtMs: this.#ledger.startedAtMs,
      totals: this.#ledger.totals(),
      series: points,
      next,
    };
  }

  #newLedger(): Ledger {
    return new Ledger(this.#deps.clock.monoMs(), this.#deps.clock.wallMs());
  }

  #tick(): void {
    const { clock } = this.#deps;
    const nowMs = clock.monoMs();
    while (this.#nextMs <= nowMs) {
      this.#fire(this.#nextMs);
      this.#nextMs += this.#gapMs();
    }
    this.#timer = clock.timer(this.#nextMs - nowMs, () => this.#tick());
  }

  #gapMs(): number {
    const meanMs = 1000 / this.#config.ratePerSecond;
    return this.#config.arrival === "constant" ? meanMs : -Math.log(1 - this.#deps.random.next()) * meanMs;
  }

  #fire(intendedMs: number): void {
    const { clock } = this.#deps;
    const { urls, maxOutstanding, timeoutMs, retryOnReset } = this.#config;
    const hosts = this.#hosts;
    const ledger = this.#ledger;
    const ticket = ledger.open(intendedMs);
    const turn = this.#turn;
    this.#turn += 1;
    const host = hosts[turn % hosts.length];
    const url = urls[turn % urls.length];
    if (host === undefined || url === undefined || this.#unanswered >= maxOutstanding) {
      const notSent = {
        failure: "not-sent",
        status: undefined,
        target: undefined,
        forwardedAtMs: undefined,
        phase: undefined,
        isRetried: false,
      } as const;
      ledger.close(ticket, notSent, clock.monoMs(), clock.wallMs());
      return;
    }
    this.#unanswered += 1;
    whenIdleConnectionsAreChecked(this.#agent, () => {
      ledger.markSent(ticket, clock.monoMs());
      attempt({ url, host, agent: this.#agent, timeoutMs, retryOnReset, clock }, (outcome) => {
        ledger.close(ticket, outcome, clock.monoMs(), clock.wallMs());
        this.#unanswered -= 1;
        if (this.#unanswered > 0) return;
        for (const resolve of this.#waitingForIdle.splice(0)) resolve();
      });
    });
  }
}
