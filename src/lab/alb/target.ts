import { Agent, type ClientRequest, type RequestOptions, request } from "node:http";
import { Agent as SecureAgent, request as secureRequest } from "node:https";
import { Ring } from "../control/index.ts";
import { targetKey, type TargetConfig } from "./config.ts";
import type { Candidate } from "./selection.ts";
import type { TargetHealth } from "./target-health.ts";
import { registeredHealth } from "./target-health.ts";

/** How many requests to one target are remembered for `countInFlight`. */
const RECENT_LIMIT = 2048;

/** One request that was sent to a target. */
export interface Exchange {
  /** Unix milliseconds. */
  readonly forwardedAtMs: number;
  /** Unix milliseconds; infinite while it is under way. */
  endedAtMs: number;
  /** Ends it with 502, or by cutting the connection when the answer had begun: the deregistration delay is over. */
  readonly expire: () => void;
}

/** A registered target with what the load balancer knows of it. Its group changes it. */
export class Target implements Candidate {
  readonly key: string;
  readonly config: TargetConfig;
  readonly zone: string;
  /** Idle connections, shared by all clients; none is opened ahead of need. */
  readonly agent: Agent;
  /** Answers by status, and `error` for requests that the target gave no answer to. */
  readonly answers = new Map<string, number>();
  /** Whether it is spoken to by TLS. */
  readonly isSecure: boolean;
  /** It refused a connection, and no check has passed since. */
  isRefusing = false;
  health: TargetHealth = registeredHealth;
  /** Unix milliseconds since when `health.state` and its reason are what they are. */
  sinceMs: number;
  isDrainingUnheard = false;
  share = 1;
  requests = 0;
  readonly #underWay = new Set<Exchange>();
  readonly #recent = new Ring<Exchange>(RECENT_LIMIT);

  constructor(config: TargetConfig, nowMs: number, options: { readonly idleTimeoutMs: number; readonly isSecure: boolean }) {
    this.config = config;
    this.isSecure = options.isSecure;
    this.key = targetKey(config);
    this.zone = config.zone;
    this.sinceMs = nowMs;
    const kept = { keepAlive: true, maxFreeSockets: 1024, scheduling: "lifo", timeout: options.idleTimeoutMs } as const;
    // "The load balancer does not validate these certificates" (page "Target groups for your Application Load Balancers").
    this.agent = options.isSecure ? new SecureAgent({ ...kept, rejectUnauthorized: false }) : new Agent(kept);
  }

  /** Begins a request to it; `agent: false` for a connection of its own. */
  request(options: Omit<RequestOptions, "host" | "port">): ClientRequest {
    const place = { ...options, host: this.config.id, port: this.config.port };
    return this.isSecure ? secureRequest({ ...place, rejectUnauthorized: false }) : request(place);
  }

  get inFlight(): number {
    return this.#underWay.size;
  }

  begin(exchange: Exchange): void {
    this.requests += 1;
    this.#underWay.add(exchange);
    this.#recent.add(exchange);
  }

  /** Ends `exchange` once; `answer` is the status or `error`. Says whether it was still open. */
  end(exchange: Exchange, answer: string, nowMs: number): boolean {
    if (!this.#underWay.delete(exchange)) return false;
    exchange.endedAtMs = nowMs;
    this.answers.set(answer, (this.answers.get(answer) ?? 0) + 1);
    return true;
  }

  expireAll(): void {
    for (const exchange of this.#underWay) exchange.expire();
  }

  /** How many requests were in flight at some moment of a window (Unix milliseconds, both ends included). */
  countInFlight(fromMs: number, untilMs: number): number {
    const recent = this.#recent.since(0);
    return recent.filter((exchange) => exchange.forwardedAtMs <= untilMs && exchange.endedAtMs >= fromMs).length;
  }
}
