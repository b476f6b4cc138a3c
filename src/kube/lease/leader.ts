import { AppError, type Clock, type Random, messageOf, sleep } from "../../kernel/index.ts";
import { type Log, type MetricsRegistry, silentLog } from "../../telemetry/index.ts";
import type { KubeClient } from "../client-api.ts";
import { kinds } from "../kinds.ts";
import { type LeaseObject, readLease, withTerms } from "./lease.ts";
import { Tenure } from "./tenure.ts";

/** Which lease, who asks for it, and how long a holder may be silent (client-go, package leaderelection). */
export interface LeaderOptions {
  readonly namespace: string;
  readonly name: string;
  /** Of this process alone: another one on the same host is another candidate. */
  readonly identity: string;
  /** Others take the lease when its holder was silent for so long. */
  readonly leaseDurationSeconds: number;
  /** The holder stops by itself after so long without a renewal; the difference is what a call under way may take. */
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
}

const DEFAULT_LEASE_SECONDS = 15;

/** Times in client-go's proportions: 15 s, 10 s and 2 s. */
export function leaseTimes(
  leaseDurationSeconds = DEFAULT_LEASE_SECONDS,
): Pick<LeaderOptions, "leaseDurationSeconds" | "renewDeadlineMs" | "retryPeriodMs"> {
  const leaseMs = leaseDurationSeconds * 1000;
  return { leaseDurationSeconds, renewDeadlineMs: (leaseMs * 2) / 3, retryPeriodMs: (leaseMs * 2) / 15 };
}

export interface LeaderDeps {
  /** Not the one whose writes are guarded: what renews must not wait behind what it allows. */
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  /** Called when this process begins to lead or leads no more. */
  readonly onChange?: (isLeading: boolean) => void;
  readonly log?: Log;
  /** Its gauge is 1 while this process leads; `metric` is the name. */
  readonly metrics?: { readonly registry: MetricsRegistry; readonly metric: string };
}

export interface LeaderStatus {
  readonly isLeading: boolean;
  /** Who held the lease when it was last seen; undefined when nobody did. */
  readonly holder: string | undefined;
  /** The fencing token while this process leads. */
  readonly token: number | undefined;
  /** Why the lease cannot be read or written now. */
  readonly problem: string | undefined;
}

/** Stands for election as long as it runs. */
export interface Leader {
  start(): void;
  /**
   * The fencing token, if this process may write at this very moment; throws AppError `KUBE_NOT_LEADER` otherwise. To be called before every write,
   * as late as can be: whatever was waited for may have taken hours.
   */
  guard(): number;
  /** Aborts when this time of leading ends; undefined while another leads. */
  tenure(): AbortSignal | undefined;
  status(): LeaderStatus;
  /** Leads no more and gives the lease back, so that another one need not wait. To be called when nothing is being written any more. */
  release(): Promise<void>;
}

/** Throws AppError `KUBE_LEASE_TIMES` when the holder would not stop before others begin. */
export function createLeader(options: LeaderOptions, deps: LeaderDeps): Leader {
  const { leaseDurationSeconds, renewDeadlineMs, retryPeriodMs } = options;
  if (!(retryPeriodMs * 2 <= renewDeadlineMs && renewDeadlineMs < leaseDurationSeconds * 1000 && Number.isInteger(leaseDurationSeconds)))
    throw new AppError(
      "KUBE_LEASE_TIMES",
      `a lease of ${leaseDurationSeconds} s, renewed every ${retryPeriodMs} ms for at most ${renewDeadlineMs} ms: write whole seconds, a deadline below them, and half of that or less for the period`,
    );
  return new LeaseElection(options, deps);
}

class LeaseElection implements Leader {
  readonly #options: LeaderOptions;
  readonly #deps: LeaderDeps;
  readonly #log: Log;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #tenure: Tenure | undefined;
  /** The lease as it was last seen, and when it last changed, on the monotonic clock. */
  #seen: { readonly lease: LeaseObject; readonly sinceMonoMs: number } | undefined;
  #highestToken = 0;
  #problem: string | undefined;

  constructor(options: LeaderOptions, deps: LeaderDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#log = deps.log ?? silentLog;
    this.#meter(false);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  guard(): number {
    const tenure = this.#tenure;
    if (tenure?.isValid() === true) return tenure.token;
    throw new AppError("KUBE_NOT_LEADER", `nothing is written: this process does not lead now${this.#heldBy()}`);
  }

  tenure(): AbortSignal | undefined {
    return this.#tenure?.isValid() === true ? this.#tenure.signal : undefined;
  }

  status(): LeaderStatus {
    const isLeading = this.#tenure?.isValid() === true;
    return {
      isLeading,
      holder: this.#seen === undefined ? undefined : readLease(this.#seen.lease).holder,
      token: isLeading ? this.#tenure?.token : undefined,
      problem: this.#problem,
    };
  }

  async release(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    const wasLeading = this.#tenure?.isValid() === true;
    this.#tenure?.end("it gave the lease back");
    const lease = this.#seen?.lease;
    if (!wasLeading || lease === undefined) return;
    const { transitions } = readLease(lease);
    try {
      await this.#deps.client.replace(
        kinds.leases,
        withTerms(lease, { holder: "", durationSeconds: 1, transitions, renewedAtMs: this.#deps.clock.wallMs() }),
        { timeoutMs: this.#options.retryPeriodMs },
      );
    } catch (thrown) {
      this.#log.info({ error: messageOf(thrown) }, "the lease could not be given back; it ends by itself");
    }
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#deps;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const startedMonoMs = clock.monoMs();
      try {
        await this.#attempt();
        this.#problem = undefined;
      } catch (thrown) {
        const problem = messageOf(thrown);
        if (this.#problem === undefined) this.#log.warn({ error: problem }, "the lease cannot be read or written; trying again");
        this.#problem = problem;
      }
      // Candidates that try at the same time would only refuse each other.
      const jitter = this.#tenure?.isValid() === true ? 0 : random.next() * 0.2;
      const pauseMs = this.#options.retryPeriodMs * (1 + jitter) - (clock.monoMs() - startedMonoMs);
      await sleep(clock, Math.max(this.#options.retryPeriodMs / 10, pauseMs), signal);
    }
  }

  /** Asks once: renews, takes the lease, or sees who has it. */
  async #attempt(): Promise<void> {
    const { identity } = this.#options;
    // The holder writes without reading first: only it writes, and the condition on resourceVersion finds out if not.
    if (this.#tenure?.isValid() !== true) await this.#look();
    const seen = this.#seen;
    if (seen === undefined) return this.#create();
    const record = readLease(seen.lease);
    if (record.holder === identity) return this.#write(seen.lease, record.transitions, false);
    this.#tenure?.end(`${record.holder ?? "nobody"} holds the lease`);
    const { clock } = this.#deps;
    const silentMs = clock.monoMs() - seen.sinceMonoMs;
    const patienceMs = record.durationMs ?? this.#options.leaseDurationSeconds * 1000;
    if (record.holder !== undefined && silentMs < patienceMs) return undefined;
    return this.#write(seen.lease, Math.max(record.transitions, this.#highestToken) + 1, true);
  }

  async #look(): Promise<void> {
    const { client, clock } = this.#deps;
    const { namespace, name } = this.#options;
    let lease: LeaseObject;
    try {
      lease = await client.get<LeaseObject>(kinds.leases, { namespace, name }, this.#limits());
    } catch (thrown) {
      // Only the word of the API server itself that there is none; a proxy's 404 has another code.
      if (codeOf(thrown) !== "KUBE_NOT_FOUND") throw thrown;
      this.#seen = undefined;
      return;
    }
    if (this.#seen?.lease.metadata.resourceVersion !== lease.metadata.resourceVersion) this.#remember(lease, clock.monoMs());
  }

  #create(): Promise<void> {
    const { namespace, name } = this.#options;
    // Whoever deleted the lease took its count with it. Minutes grow faster than leaders change, so that tokens never come again.
    const token = Math.max(this.#highestToken + 1, Math.floor(this.#deps.clock.wallMs() / 60_000));
    return this.#write({ apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { namespace, name } }, token, true);
  }

  async #write(lease: LeaseObject, token: number, isNew: boolean): Promise<void> {
    const { client, clock } = this.#deps;
    const monoMs = clock.monoMs();
    const wallMs = clock.wallMs();
    const terms = {
      holder: this.#options.identity,
      durationSeconds: this.#options.leaseDurationSeconds,
      transitions: token,
      renewedAtMs: wallMs,
      ...(isNew ? { acquiredAtMs: wallMs } : {}),
    };
    const wanted = withTerms(lease, terms);
    const isMade = lease.metadata.resourceVersion !== undefined;
    let written: LeaseObject;
    try {
      written = await (isMade
        ? client.replace<LeaseObject>(kinds.leases, wanted, this.#limits())
        : client.create<LeaseObject>(kinds.leases, wanted, this.#limits()));
    } catch (thrown) {
      // Somebody else wrote, or an answer of ours was lost, or the lease was deleted.
      const isOvertaken = (isMade ? ["KUBE_CONFLICT", "KUBE_NOT_FOUND"] : ["KUBE_ALREADY_EXISTS"]).includes(codeOf(thrown));
      if (isOvertaken) return this.#lookAgain(token);
      throw thrown;
    }
    this.#remember(written, clock.monoMs());
    this.#lead(readLease(written).transitions, monoMs, wallMs);
  }

  async #lookAgain(token: number): Promise<void> {
    await this.#look();
    if (this.#tenure?.isValid() !== true) return undefined;
    if (this.#seen === undefined) return this.#create();
    const { holder, transitions } = readLease(this.#seen.lease);
    if (holder !== this.#options.identity) return this.#tenure.end(`${holder ?? "nobody"} holds the lease`);
    // Ours, by a write whose answer did not come. Renewed for good with the next one: when this one was made is not known.
    return transitions === token ? undefined : this.#tenure.end("the lease was taken and given meanwhile");
  }

  #lead(token: number, monoMs: number, wallMs: number): void {
    this.#highestToken = Math.max(this.#highestToken, token);
    const current = this.#tenure;
    if (current?.isValid() === true && current.token === token) return current.renew(monoMs, wallMs);
    current?.end("it holds the lease anew");
    const tenure = new Tenure(token, this.#options.renewDeadlineMs, this.#deps.clock);
    tenure.renew(monoMs, wallMs);
    this.#tenure = tenure;
    if (!tenure.isValid()) return undefined;
    this.#log.info({ token, identity: this.#options.identity }, "leads");
    this.#meter(true);
    tenure.signal.addEventListener("abort", () => {
      this.#log.warn({ token, why: messageOf(tenure.signal.reason) }, "leads no more");
      this.#meter(false);
      this.#deps.onChange?.(false);
    });
    return this.#deps.onChange?.(true);
  }

  #remember(lease: LeaseObject, monoMs: number): void {
    this.#seen = { lease, sinceMonoMs: monoMs };
    this.#highestToken = Math.max(this.#highestToken, readLease(lease).transitions);
  }

  #limits(): { readonly timeoutMs: number } {
    return { timeoutMs: this.#options.renewDeadlineMs / 2 };
  }

  #heldBy(): string {
    const { holder } = this.status();
    return holder === undefined || holder === this.#options.identity ? "" : `, ${holder} does`;
  }

  #meter(isLeading: boolean): void {
    const { metrics } = this.#deps;
    metrics?.registry
      .gauge(metrics.metric, "1 while this process holds the lease.")
      .with()
      .set(isLeading ? 1 : 0);
  }
}

function codeOf(thrown: unknown): string {
  return thrown instanceof AppError ? thrown.code : "";
}
