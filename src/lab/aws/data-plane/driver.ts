import { AppError, type Clock, messageOf, sleep } from "../../../kernel/index.ts";
import type { Log } from "../../../telemetry/index.ts";
import type { HostedLoadBalancer, LoadBalancerConfig, TargetState } from "../../alb/index.ts";
import type { MetricQuery, MetricSample } from "../cloudwatch/cloudwatch.ts";
import type { SeenHealth } from "../elbv2/targets.ts";
import type { WorldStore } from "../world/world-store.ts";
import type { AwsWorld } from "../world/world.ts";
import { HostClient } from "./host-client.ts";
import { hostedId, hostedLoadBalancers, loadBalancerKey } from "./load-balancers.ts";
import type { DataPlaneOptions } from "./options.ts";
import { TrafficLog } from "./traffic-log.ts";
import { addressOf, hostedGroupName, isReachable } from "./target-groups.ts";

/**
 * Brings what the account says to the process that hosts its load balancers, again and again, and reads from there how
 * targets are. Neither waits for the other: what was brought serves on when this process is gone.
 */
export class DataPlane {
  readonly #options: DataPlaneOptions;
  readonly #store: WorldStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #client: HostClient;
  readonly #traffic = new TrafficLog();
  readonly #ending = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #wanted: { readonly world: AwsWorld; readonly configs: ReadonlyMap<string, LoadBalancerConfig> } | undefined;
  /** By the group's name in the host and ADDRESS:PORT. */
  #seen: ReadonlyMap<string, ReadonlyMap<string, TargetState>> = new Map();
  #heardAtMs = Number.NEGATIVE_INFINITY;
  /** What was last said of each trouble, so that it is said once. */
  readonly #troubles = new Map<string, string>();

  constructor(options: DataPlaneOptions, deps: { readonly store: WorldStore; readonly clock: Clock; readonly log: Log }) {
    this.#options = options;
    this.#store = deps.store;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#client = new HostClient(options.host);
  }

  start(): void {
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  get isHeard(): boolean {
    return this.#clock.monoMs() - this.#heardAtMs <= this.#options.unheardAfterMs;
  }

  /** What the nodes say of a target of the account: `unavailable` while nobody is heard, undefined while they have not heard of it. */
  healthOf(targetGroupArn: string, key: string): SeenHealth | "unavailable" | undefined {
    if (!this.isHeard) return "unavailable";
    const world = this.#store.now;
    const group = world.targetGroups.get(targetGroupArn);
    const target = group?.targets.get(key);
    const address = group === undefined || target === undefined ? undefined : addressOf(world, group, target);
    if (target === undefined || address === undefined) return undefined;
    // Nothing that is not of this machine can be reached.
    if (!isReachable(address)) return { state: "unhealthy", reason: "Target.Timeout", description: "Request timed out" };
    const seen = this.#seen.get(hostedGroupName(targetGroupArn))?.get(`${address}:${target.port}`);
    if (seen === undefined) return undefined;
    const { state, reason, description } = seen;
    if (state === "draining" || state === "unused") return undefined;
    return { state, ...(reason === null ? {} : { reason }), ...(description === null ? {} : { description }) };
  }

  /** What CloudWatch knows of traffic. In memory alone: of what passed before this process there is nothing. */
  samples(query: MetricQuery): readonly MetricSample[] {
    return this.#traffic.samples(query);
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      await this.#attempt("hosts of load balancers", () => this.#look());
      await sleep(this.#clock, this.#options.everyMs, signal);
    }
  }

  async #look(): Promise<void> {
    const hosted = await this.#client.list();
    this.#seen = healthIn(hosted);
    this.#heardAtMs = this.#clock.monoMs();
    this.#noteTraffic(hosted);
    const wanted = this.#configs();
    const puts = [...wanted.values()].filter(({ id, revision }) => hosted.find((one) => one.id === id)?.revision !== revision);
    const strays = hosted.filter(({ id }) => !wanted.has(id));
    // Each for itself: one whose port is taken does not hold up the others. Strays first, whose addresses may be given out again.
    await Promise.all(strays.map(({ id }) => this.#attempt(id, () => this.#client.delete(id))));
    await Promise.all(puts.map((config) => this.#attempt(config.id, () => this.#client.put(config))));
  }

  #noteTraffic(hosted: readonly HostedLoadBalancer[]): void {
    const keys = new Map([...this.#store.now.loadBalancers.keys()].map((arn) => [hostedId(arn), loadBalancerKey(arn)]));
    this.#traffic.keep(new Set(keys.values()));
    for (const { id, traffic } of hosted) {
      const key = keys.get(id);
      if (key !== undefined) this.#traffic.note(key, traffic, this.#clock.wallMs());
    }
  }

  /** What was wanted `delayMs` ago. */
  #configs(): ReadonlyMap<string, LoadBalancerConfig> {
    const { delayMs } = this.#options;
    const world = delayMs > 0 ? this.#store.at(this.#clock.wallMs() - delayMs) : this.#store.now;
    if (this.#wanted?.world !== world) {
      const configs = hostedLoadBalancers(world, this.#options);
      this.#wanted = { world, configs: new Map(configs.map((config) => [config.id, config])) };
    }
    return this.#wanted.configs;
  }

  /** What fails is said once and tried again at the next look. */
  async #attempt(what: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
      if (this.#troubles.delete(what)) this.#log.info({ what }, "the data plane does what it should again");
    } catch (error) {
      const reason = error instanceof AppError ? `${error.code}: ${error.message}` : messageOf(error);
      if (this.#troubles.get(what) !== reason) this.#log.warn({ what, reason }, "the data plane does not do what it should");
      this.#troubles.set(what, reason);
    }
  }
}

function healthIn(hosted: readonly HostedLoadBalancer[]): ReadonlyMap<string, ReadonlyMap<string, TargetState>> {
  return new Map(
    hosted.flatMap(({ targetGroups }) =>
      targetGroups.map(({ name, targets }) => [name, new Map(targets.map((target) => [target.target, target]))] as const),
    ),
  );
}
