import { type ChildProcess, fork } from "node:child_process";
import type { JsonObject } from "../../document/json.ts";
import { type ProcessIdentity, identify, isRunning } from "../../../kernel/index.ts";
import type { TlsPlan } from "../plan/load-plan.ts";
import type { Latencies, LoadResult, LoadTotals, SecondResult } from "../record/load-result.ts";
import type { LoadCommand, LoadMessage } from "./load-messages.ts";

export interface RunningLoadOptions {
  readonly plan: JsonObject;
  readonly addresses: readonly string[];
  readonly seed: number;
  /** In place of what the plan says of TLS: keys stand in no plan. */
  readonly tls?: Partial<TlsPlan> | undefined;
  /** Each time something is new. */
  readonly onNews: () => void;
}

/** Load that a process of its own sends: the process is there at once, and sends when it is told to. */
export class RunningLoad {
  /** Of the process. */
  readonly identity: ProcessIdentity;
  readonly #start: LoadCommand;
  readonly #child: ChildProcess;
  readonly #settled: SecondResult[] = [];
  readonly #onNews: () => void;
  readonly #over: Promise<void>;
  readonly #begun: Promise<void>;
  #unsettled: readonly SecondResult[] = [];
  #totals: LoadTotals | undefined;
  #latencies: Latencies | undefined;
  #result: LoadResult | undefined;
  #problem: string | undefined;

  constructor({ plan, addresses, seed, tls = {}, onNews }: RunningLoadOptions) {
    this.#onNews = onNews;
    this.#child = fork(new URL("load-entry.ts", import.meta.url), { stdio: ["ignore", "ignore", "inherit", "ipc"], execArgv: [] });
    // The experiment ends when it is over, not when its load is.
    this.#child.unref();
    this.#begun = new Promise((resolve) => this.#child.once("message", () => resolve()));
    this.#over = new Promise((resolve) => {
      this.#child.once("error", (error) => this.#fail(error.message, resolve));
      this.#child.once("exit", (code, signal) => this.#fail(`its process ended with ${signal ?? code ?? "nothing"}`, resolve));
    });
    this.#child.on("message", (message: LoadMessage) => this.#take(message));
    this.#child.channel?.unref();
    this.identity = identify(this.#child.pid ?? 0);
    this.#start = { do: "start", plan, addresses, seed, tls };
  }

  get isRunning(): boolean {
    return isRunning(this.identity);
  }

  /** Why there will be no more: undefined while it goes on, and when it ended as it should. */
  get problem(): string | undefined {
    return this.#problem;
  }

  get isOver(): boolean {
    return this.#result !== undefined || this.#problem !== undefined;
  }

  get totals(): LoadTotals | undefined {
    return this.#result?.totals ?? this.#totals;
  }

  get latencies(): Latencies | undefined {
    return this.#result ?? this.#latencies;
  }

  get result(): LoadResult | undefined {
    return this.#result;
  }

  /** Seconds from the first one on; of the last ones not all may be answered. */
  get seconds(): readonly SecondResult[] {
    return this.#result?.seconds ?? [...this.#settled, ...this.#unsettled];
  }

  /** Resolves when the first figures are there, or will never be. */
  async start(): Promise<void> {
    this.#tell(this.#start);
    this.#child.channel?.ref();
    await Promise.race([this.#begun, this.#over]);
    if (this.#child.connected) this.#child.channel?.unref();
  }

  /** Sends nothing more; resolves when what was under way is known. */
  async stop(): Promise<void> {
    this.#tell({ do: "stop" });
    this.#child.ref();
    await this.#over;
  }

  #take(message: LoadMessage): void {
    switch (message.is) {
      case "progress":
        this.#settled.push(...message.settled);
        this.#unsettled = message.unsettled;
        this.#totals = message.totals;
        this.#latencies = message.latencies;
        break;
      case "result":
        this.#result = message.result;
        break;
      case "failed":
        this.#problem = message.message;
        break;
    }
    this.#onNews();
  }

  #fail(problem: string, done: () => void): void {
    if (this.#result === undefined) this.#problem ??= problem;
    this.#onNews();
    done();
  }

  #tell(command: LoadCommand): void {
    if (this.#child.connected) this.#child.send(command);
  }
}
