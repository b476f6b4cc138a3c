import { AppError, type Clock, type Random } from "../../kernel/index.ts";
import type { Log } from "../../telemetry/index.ts";
import { Accounting } from "./accounting.ts";
import { targetKey, type AlbConfig, type ListenerConfig, type RuleConfig, type TargetConfig } from "./config.ts";
import { NodeListener } from "./listener.ts";
import { readState, type AlbState } from "./state.ts";
import { TargetGroup, type TargetGroupSettings } from "./target-group.ts";

export interface LoadBalancerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

interface RunningListener {
  config: ListenerConfig;
  readonly nodes: readonly NodeListener[];
}

/**
 * An Application Load Balancer of the lab: listeners with rules, target groups with health checks, fail-open. Written on
 * node:http, on purpose not on the product's own proxy: it must not share the faults of what it stands in front of.
 */
export class LoadBalancer {
  readonly #config: AlbConfig;
  readonly #deps: LoadBalancerDeps;
  readonly #accounting = new Accounting();
  readonly #groups = new Map<string, TargetGroup>();
  readonly #listeners = new Map<number, RunningListener>();
  #failOpenGroups = new Set<string>();
  #failOpenSinceMs = 0;
  #failOpenTotalMs = 0;

  constructor(config: AlbConfig, deps: LoadBalancerDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  /** @throws AppError ALB_LISTEN, ALB_TARGET_GROUP_NOT_FOUND; nothing listens then. */
  async start(): Promise<void> {
    for (const { targets, ...settings } of this.#config.targetGroups) {
      this.putTargetGroup(settings);
      for (const target of targets) this.#group(settings.name).register(target);
    }
    try {
      for (const listener of this.#config.listeners) await this.putListener(listener);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** The ports of the listeners, in the order they were made. */
  get ports(): readonly number[] {
    return [...this.#listeners.keys()];
  }

  state(): AlbState {
    return readState({
      name: this.#config.name,
      nodes: this.#config.nodes,
      nowMs: this.#deps.clock.wallMs(),
      listeners: [...this.#listeners].map(([port, listener]) => ({ ...listener.config, port })),
      groups: [...this.#groups.values()],
      accounting: this.#accounting,
      isFailOpen: this.#failOpenGroups.size > 0,
      failOpenMs: this.#failOpenTotalMs + (this.#failOpenGroups.size > 0 ? this.#deps.clock.monoMs() - this.#failOpenSinceMs : 0),
    });
  }

  get accounting(): Accounting {
    return this.#accounting;
  }

  /**
   * How many requests were in flight at `target` at some moment of a window of Unix milliseconds: the most that a kill in it can have torn down.
   * @throws AppError ALB_TARGET_NOT_FOUND
   */
  countInFlight(target: string, fromMs: number, untilMs: number): number {
    const found = [...this.#groups.values()].flatMap((group) => group.targets).filter((entry) => entry.key === target);
    if (found.length === 0) throw new AppError("ALB_TARGET_NOT_FOUND", `no target ${target} is registered; use ADDRESS:PORT as in /state`);
    return found.reduce((sum, entry) => sum + entry.countInFlight(fromMs, untilMs), 0);
  }

  /** Creates a target group or changes one; its targets stay. */
  putTargetGroup(settings: TargetGroupSettings): void {
    const known = this.#groups.get(settings.name);
    if (known !== undefined) {
      known.modify(settings);
      return;
    }
    const group = new TargetGroup(settings, {
      clock: this.#deps.clock,
      random: this.#deps.random,
      attributes: () => this.#config.attributes,
      zones: this.#config.nodes.map((node) => node.zone),
      onTransition: (transition) => {
        this.#accounting.transitions.add(transition);
        this.#deps.log.info(transition, "target changed state");
      },
      onFailOpen: (name, isFailOpen) => this.#setFailOpen(name, isFailOpen),
    });
    this.#groups.set(settings.name, group);
  }

  /** @throws AppError ALB_TARGET_GROUP_NOT_FOUND, ALB_TARGET_GROUP_IN_USE */
  deleteTargetGroup(name: string): void {
    const group = this.#group(name);
    if (this.#groupsInUse().has(name)) {
      throw new AppError("ALB_TARGET_GROUP_IN_USE", `target group ${name}: a listener or rule forwards to it; change that first`);
    }
    group.close();
    this.#setFailOpen(name, false);
    this.#groups.delete(name);
  }

  /** @throws AppError ALB_TARGET_GROUP_NOT_FOUND */
  register(name: string, targets: readonly TargetConfig[]): void {
    const group = this.#group(name);
    for (const target of targets) group.register(target);
  }

  /** @throws AppError ALB_TARGET_GROUP_NOT_FOUND */
  deregister(name: string, targets: readonly { readonly id: string; readonly port: number }[]): void {
    const group = this.#group(name);
    for (const target of targets) group.deregister(targetKey(target));
  }

  /**
   * Creates a listener, or changes the default action and rules of the one on that port.
   * @throws AppError ALB_LISTEN, ALB_TARGET_GROUP_NOT_FOUND
   */
  async putListener(config: ListenerConfig): Promise<void> {
    for (const name of groupsOf(config)) this.#group(name);
    const known = this.#listeners.get(config.port);
    if (known !== undefined) {
      known.config = config;
      for (const node of known.nodes) node.config = config;
    } else {
      const port = await this.#startListener(config);
      this.#deps.log.info({ port, nodes: this.#config.nodes }, "listener started");
    }
    this.#refreshUse();
  }

  /** @throws AppError ALB_LISTENER_NOT_FOUND */
  async deleteListener(port: number): Promise<void> {
    const listener = this.#listener(port);
    this.#listeners.delete(port);
    this.#refreshUse();
    await Promise.all(listener.nodes.map((node) => node.close()));
  }

  /** Creates a rule or changes the one of that priority. @throws AppError ALB_LISTENER_NOT_FOUND, ALB_TARGET_GROUP_NOT_FOUND */
  async putRule(port: number, rule: RuleConfig): Promise<void> {
    const { config } = this.#listener(port);
    const others = config.rules.filter((other) => other.priority !== rule.priority);
    await this.putListener({ ...config, port, rules: [...others, rule] });
  }

  /** @throws AppError ALB_LISTENER_NOT_FOUND, ALB_RULE_NOT_FOUND */
  async deleteRule(port: number, priority: number): Promise<void> {
    const { config } = this.#listener(port);
    const rules = config.rules.filter((rule) => rule.priority !== priority);
    if (rules.length === config.rules.length) throw new AppError("ALB_RULE_NOT_FOUND", `listener ${port}: no rule of priority ${priority}`);
    await this.putListener({ ...config, port, rules });
  }

  /** Idempotent; cuts what is in flight. */
  async close(): Promise<void> {
    const listeners = [...this.#listeners.values()];
    this.#listeners.clear();
    for (const group of this.#groups.values()) group.close();
    await Promise.all(listeners.flatMap((listener) => listener.nodes.map((node) => node.close())));
  }

  async #startListener(config: ListenerConfig): Promise<number> {
    const nodes = this.#config.nodes.map(
      (node) =>
        new NodeListener(node, config, {
          clock: this.#deps.clock,
          random: this.#deps.random,
          accounting: this.#accounting,
          loadBalancerName: this.#config.name,
          attributes: this.#config.attributes,
          targetGroup: (name) => this.#groups.get(name),
        }),
    );
    const started = await Promise.allSettled(nodes.map((node) => node.start()));
    const failed = started.find((result) => result.status === "rejected");
    if (failed !== undefined) {
      await Promise.all(nodes.filter((_, index) => started[index]?.status === "fulfilled").map((node) => node.close()));
      throw failed.reason;
    }
    const port = nodes[0]?.port ?? config.port;
    this.#listeners.set(port, { config: { ...config, port }, nodes });
    return port;
  }

  #setFailOpen(name: string, isFailOpen: boolean): void {
    const was = this.#failOpenGroups.size > 0;
    if (isFailOpen) this.#failOpenGroups.add(name);
    else this.#failOpenGroups.delete(name);
    const is = this.#failOpenGroups.size > 0;
    if (was === is) return;
    const nowMs = this.#deps.clock.monoMs();
    if (is) this.#failOpenSinceMs = nowMs;
    else this.#failOpenTotalMs += nowMs - this.#failOpenSinceMs;
    this.#deps.log.warn({ targetGroup: name, isFailOpen: is }, is ? "failing open" : "no longer failing open");
  }

  #groupsInUse(): Set<string> {
    return new Set([...this.#listeners.values()].flatMap((listener) => groupsOf(listener.config)));
  }

  #refreshUse(): void {
    const inUse = this.#groupsInUse();
    for (const [name, group] of this.#groups) group.setInUse(inUse.has(name));
  }

  #group(name: string): TargetGroup {
    const group = this.#groups.get(name);
    if (group === undefined)
      throw new AppError("ALB_TARGET_GROUP_NOT_FOUND", `no target group ${name}; create it before what forwards to it`);
    return group;
  }

  #listener(port: number): RunningListener {
    const listener = this.#listeners.get(port);
    if (listener === undefined) throw new AppError("ALB_LISTENER_NOT_FOUND", `no listener on port ${port}`);
    return listener;
  }
}

function groupsOf(listener: ListenerConfig): string[] {
  const actions = [listener.defaultAction, ...listener.rules.map((rule) => rule.action)];
  return actions.flatMap((action) => (action.type === "forward" ? action.targetGroups.map((group) => group.name) : []));
}
