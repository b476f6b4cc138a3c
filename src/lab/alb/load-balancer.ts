import { AppError, type Clock, type Random } from "../../kernel/index.ts";
import type { Log } from "../../telemetry/index.ts";
import { Accounting } from "./accounting.ts";
import { groupsOf, targetKey, type ListenerConfig, type LoadBalancerConfig, type NodeConfig, type TargetGroupConfig } from "./config.ts";
import { HttpListener } from "./http-listener.ts";
import type { ListenerDeps, PortListener } from "./port-listener.ts";
import { readState, type AlbState } from "./state.ts";
import { Stopwatch } from "./stopwatch.ts";
import { TcpListener } from "./tcp-listener.ts";
import { TargetGroup } from "./target-group.ts";

export interface LoadBalancerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** One listener on one load balancer node. */
interface RunningListener {
  readonly node: NodeConfig;
  readonly configuredPort: number;
  readonly protocol: ListenerConfig["protocol"];
  readonly server: PortListener;
}

/**
 * A load balancer of the lab: listeners with rules, target groups with health checks, fail-open. Written on node:http, on
 * purpose not on the product's own proxy: it must not share the faults of what it stands in front of.
 */
export class LoadBalancer {
  #config: LoadBalancerConfig;
  readonly #deps: LoadBalancerDeps;
  readonly #accounting = new Accounting();
  readonly #groups = new Map<string, TargetGroup>();
  #listeners: readonly RunningListener[] = [];
  #changes: Promise<void> = Promise.resolve();
  readonly #failOpenGroups = new Set<string>();
  readonly #failOpen: Stopwatch;

  constructor(config: LoadBalancerConfig, deps: LoadBalancerDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#failOpen = new Stopwatch(deps.clock);
  }

  /** Rejects with AppError ALB_LISTEN; nothing listens then. */
  async start(): Promise<void> {
    try {
      await this.apply(this.#config);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /**
   * Becomes what `config` says: additions first, and requests in flight go on. What can be done is done even where a port
   * cannot be listened on; it rejects with AppError ALB_LISTEN then, and may be called again with the same.
   */
  apply(config: LoadBalancerConfig): Promise<void> {
    const done = this.#changes.then(() => this.#apply(config));
    this.#changes = done.catch(() => {});
    return done;
  }

  get config(): LoadBalancerConfig {
    return this.#config;
  }

  /** The ports it listens on, in the order of the listeners. */
  get ports(): readonly number[] {
    return [...new Set(this.#listeners.map(({ server }) => server.port))];
  }

  get accounting(): Accounting {
    return this.#accounting;
  }

  state(): AlbState {
    return readState({
      name: this.#config.name,
      nodes: this.#config.nodes,
      nowMs: this.#deps.clock.wallMs(),
      listeners: this.#config.listeners,
      groups: [...this.#groups.values()],
      accounting: this.#accounting,
      isFailOpen: this.#failOpen.isRunning,
      failOpenMs: this.#failOpen.totalMs,
    });
  }

  /**
   * How many requests were in flight at `target` at some moment of a window of Unix milliseconds: the most that a kill in it can have torn down.
   * @throws AppError ALB_TARGET_NOT_FOUND
   */
  countInFlight(target: string, fromMs: number, untilMs: number): number {
    const found = [...this.#groups.values()].flatMap((group) => group.targets).filter((entry) => entry.key === target);
    if (found.length === 0)
      throw new AppError("ALB_TARGET_NOT_FOUND", `no target ${target} is registered; use ADDRESS:PORT as in its state`);
    return found.reduce((sum, entry) => sum + entry.countInFlight(fromMs, untilMs), 0);
  }

  /** Idempotent; cuts what is in flight. */
  async close(): Promise<void> {
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const group of this.#groups.values()) group.close();
    await Promise.all(listeners.map(({ server }) => server.close()));
  }

  async #apply(config: LoadBalancerConfig): Promise<void> {
    this.#config = config;
    const inUse = new Set(config.listeners.flatMap(groupsOf));
    for (const group of config.targetGroups) this.#putGroup(group, inUse.has(group.name));
    const refused = await this.#startMissingListeners();
    await this.#closeStrayListeners();
    for (const [name, group] of this.#groups) if (!this.#isWanted(name)) this.#retire(name, group);
    if (refused !== undefined) throw refused;
  }

  #putGroup({ targets, ...settings }: TargetGroupConfig, isInUse: boolean): void {
    const known = this.#groups.get(settings.name);
    known?.modify(settings);
    const group = known ?? this.#newGroup(settings);
    group.setInUse(isInUse);
    const wanted = new Set(targets.map(targetKey));
    for (const target of targets) group.register(target);
    for (const { key } of group.targets) if (!wanted.has(key)) group.deregister(key);
  }

  #newGroup(settings: Omit<TargetGroupConfig, "targets">): TargetGroup {
    const group = new TargetGroup(settings, {
      clock: this.#deps.clock,
      random: this.#deps.random,
      attributes: () => this.#config.attributes,
      zones: () => this.#config.nodes.map((node) => node.zone),
      onTransition: (transition) => {
        this.#accounting.transitions.add(transition);
        this.#deps.log.info(transition, "target changed state");
        if (transition.to === "none" && !this.#isWanted(settings.name)) this.#retire(settings.name, group);
      },
      onFailOpen: (name, isFailOpen) => this.#setFailOpen(name, isFailOpen),
    });
    this.#groups.set(settings.name, group);
    return group;
  }

  #isWanted(targetGroup: string): boolean {
    return this.#config.targetGroups.some(({ name }) => name === targetGroup);
  }

  /** A group that nobody wants any more drains, and is forgotten with its last target. */
  #retire(name: string, group: TargetGroup): void {
    for (const { key } of group.targets) group.deregister(key);
    if (group.targets.length > 0) return;
    group.close();
    this.#setFailOpen(name, false);
    this.#groups.delete(name);
  }

  async #startMissingListeners(): Promise<Error | undefined> {
    const { nodes, listeners } = this.#config;
    const started: RunningListener[] = [];
    const refused: Error[] = [];
    for (const config of listeners) {
      for (const node of nodes) {
        try {
          const server = await this.#bring(node, config);
          if (server !== undefined) started.push({ node, configuredPort: config.port, protocol: config.protocol, server });
        } catch (error) {
          if (!(error instanceof Error)) throw error;
          refused.push(error);
        }
      }
    }
    this.#listeners = [...this.#listeners, ...started];
    return refused[0];
  }

  /** A listener that was started; undefined where one is there, which then is as `config` says. */
  async #bring(node: NodeConfig, config: ListenerConfig): Promise<PortListener | undefined> {
    const known = this.#listeners.find((running) => isFor(running, node, config));
    if (known !== undefined) {
      known.server.configure(config);
      return undefined;
    }
    const server = this.#newListener(node, config);
    // What has the port now with another protocol makes room for it.
    await this.#closeListeners((running) => running.node.address === node.address && running.configuredPort === config.port);
    await server.start();
    this.#deps.log.info({ loadBalancer: this.#config.name, node, port: server.port, protocol: config.protocol }, "listener started");
    return server;
  }

  #closeStrayListeners(): Promise<void> {
    const { nodes, listeners } = this.#config;
    return this.#closeListeners((running) => !nodes.some((node) => listeners.some((config) => isFor(running, node, config))));
  }

  async #closeListeners(isOver: (running: RunningListener) => boolean): Promise<void> {
    const over = this.#listeners.filter(isOver);
    this.#listeners = this.#listeners.filter((running) => !over.includes(running));
    await Promise.all(over.map(({ server }) => server.close()));
  }

  #newListener(node: NodeConfig, config: ListenerConfig): PortListener {
    const deps: ListenerDeps = {
      clock: this.#deps.clock,
      random: this.#deps.random,
      accounting: this.#accounting,
      loadBalancerName: this.#config.name,
      attributes: () => this.#config.attributes,
      certificates: () => this.#config.certificates,
      targetGroup: (name) => this.#groups.get(name),
    };
    return config.protocol === "HTTP" || config.protocol === "HTTPS"
      ? new HttpListener(node, config, deps)
      : new TcpListener(node, config, deps);
  }

  #setFailOpen(name: string, isFailOpen: boolean): void {
    if (isFailOpen) this.#failOpenGroups.add(name);
    else this.#failOpenGroups.delete(name);
    const is = this.#failOpenGroups.size > 0;
    if (!this.#failOpen.set(is)) return;
    this.#deps.log.warn({ targetGroup: name, isFailOpen: is }, is ? "failing open" : "no longer failing open");
  }
}

function isFor({ node, configuredPort, protocol }: RunningListener, wanted: NodeConfig, config: ListenerConfig): boolean {
  return node.zone === wanted.zone && node.address === wanted.address && configuredPort === config.port && protocol === config.protocol;
}
