import { isDeepStrictEqual } from "node:util";
import type { Clock, Random, Timer } from "../../kernel/index.ts";
import { targetKey, type LoadBalancerAttributes, type TargetConfig, type TargetGroupConfig } from "./config.ts";
import { checkHealth } from "./health-check.ts";
import { parseMatcher } from "./matcher.ts";
import { eligibleTargets, type Selector } from "./selection.ts";
import { Stopwatch } from "./stopwatch.ts";
import { Target } from "./target.ts";
import { nextHealth, type HealthEvent, type TargetHealth } from "./target-health.ts";

/** The settings of a group; its targets come and go by register and deregister. */
export type TargetGroupSettings = Omit<TargetGroupConfig, "targets">;

/** A target's change of state. */
export interface Transition {
  readonly atMs: number;
  readonly targetGroup: string;
  readonly target: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string | null;
}

export interface TargetGroupDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly attributes: () => LoadBalancerAttributes;
  /** The enabled zones: the health of a group with cross-zone off is counted in each. */
  readonly zones: () => readonly string[];
  readonly onTransition: (transition: Transition) => void;
  readonly onFailOpen: (targetGroup: string, isFailOpen: boolean) => void;
}

/** What the loops of one registered target need to be stopped. */
interface Registration {
  readonly target: Target;
  readonly abort: AbortController;
  timers: Timer[];
}

/**
 * One target group: who is registered, how healthy each is, and who may get a request. Checks run only while a rule
 * forwards to the group, each target's by itself and every interval, whatever the last one took.
 */
export class TargetGroup {
  #settings: TargetGroupSettings;
  readonly #deps: TargetGroupDeps;
  readonly #registrations = new Map<string, Registration>();
  #isInUse = false;
  readonly #failOpen: Stopwatch;

  constructor(settings: TargetGroupSettings, deps: TargetGroupDeps) {
    this.#settings = settings;
    this.#deps = deps;
    this.#failOpen = new Stopwatch(deps.clock);
  }

  get settings(): TargetGroupSettings {
    return this.#settings;
  }

  get targets(): readonly Target[] {
    return [...this.#registrations.values()].map((registration) => registration.target);
  }

  get isFailOpen(): boolean {
    return this.#failOpen.isRunning;
  }

  /** How long the group has failed open in all, up to now. */
  get failOpenMs(): number {
    return this.#failOpen.totalMs;
  }

  modify(settings: TargetGroupSettings): void {
    const isSameCheck = isDeepStrictEqual(settings.healthCheck, this.#settings.healthCheck);
    this.#settings = settings;
    for (const registration of this.#registrations.values()) {
      this.#applyUse(registration);
      if (!isSameCheck) this.#restartChecks(registration);
    }
    this.#refreshFailOpen();
  }

  /** Whether a rule forwards here; a group in use is checked, one that is not is `unused`. */
  setInUse(isInUse: boolean): void {
    this.#isInUse = isInUse;
    for (const registration of this.#registrations.values()) this.#applyUse(registration);
  }

  /** Registering what is registered changes nothing; registering what drains takes it back. */
  register(config: TargetConfig): void {
    const known = this.#registrations.get(targetKey(config));
    if (known !== undefined) {
      if (known.target.health.state !== "draining") return;
      this.#apply(known, { type: "registered" });
      known.target.isDrainingUnheard = false;
      this.#applyUse(known);
      this.#restartChecks(known);
      return;
    }
    const target = new Target(config, this.#deps.clock.wallMs(), {
      idleTimeoutMs: this.#deps.attributes().idleTimeoutMs,
      isSecure: this.#settings.protocol === "HTTPS" || this.#settings.protocol === "TLS",
    });
    const registration: Registration = { target, abort: new AbortController(), timers: [] };
    this.#registrations.set(target.key, registration);
    this.#announce(target, "none");
    this.#applyUse(registration);
    this.#restartChecks(registration);
  }

  /** Begins to drain; deregistering what is unknown succeeds, as on AWS. */
  deregister(key: string): void {
    const registration = this.#registrations.get(key);
    if (registration === undefined || registration.target.health.state === "draining") return;
    const { clock } = this.#deps;
    const { target } = registration;
    const { deregisterPropagationMs } = this.#deps.attributes();
    this.#stopTimers(registration);
    target.isDrainingUnheard = target.health.state === "healthy" && deregisterPropagationMs > 0;
    this.#apply(registration, { type: "deregistered" });
    if (target.isDrainingUnheard) {
      registration.timers.push(
        clock.timer(deregisterPropagationMs, () => {
          target.isDrainingUnheard = false;
          this.#refreshFailOpen();
        }),
      );
    }
    registration.timers.push(clock.timer(this.#settings.deregistrationDelayMs, () => this.#remove(registration)));
  }

  /** The target for one request that came to the load balancer node of `zone`; undefined means 503. */
  select(zone: string, selector: Selector): Target | undefined {
    const targets = this.targets;
    const { pool } = eligibleTargets(targets, this.#settings.crossZone ? undefined : zone, this.#eligibility());
    const willing = pool.filter((target) => !target.isRefusing);
    return selector.pick(willing.length > 0 ? willing : pool, this.#settings.algorithm);
  }

  close(): void {
    for (const registration of this.#registrations.values()) {
      this.#stopTimers(registration);
      registration.abort.abort();
      registration.target.expireAll();
      registration.target.agent.destroy();
    }
    this.#registrations.clear();
  }

  #remove(registration: Registration): void {
    const { target } = registration;
    this.#stopTimers(registration);
    registration.abort.abort();
    if (this.#settings.cutsAtDelayEnd) target.expireAll();
    target.agent.destroy();
    this.#registrations.delete(target.key);
    this.#deps.onTransition({
      atMs: this.#deps.clock.wallMs(),
      targetGroup: this.#settings.name,
      target: target.key,
      from: "draining",
      to: "none",
      reason: null,
    });
    this.#refreshFailOpen();
  }

  #applyUse(registration: Registration): void {
    const { zone } = registration.target;
    const isEnabled = this.#settings.crossZone || zone === "all" || this.#deps.zones().includes(zone);
    const before = registration.target.health.state;
    this.#apply(registration, { type: this.#isInUse && isEnabled ? "taken-in-use" : "taken-out-of-use" });
    if (registration.target.health.state !== before) this.#restartChecks(registration);
  }

  #restartChecks(registration: Registration): void {
    const { health } = registration.target;
    if (health.state === "draining") return;
    this.#stopTimers(registration);
    if (health.state !== "unused") this.#checkNow(registration);
  }

  #checkNow(registration: Registration): void {
    const { target } = registration;
    const check = this.#settings.healthCheck;
    // The next one is due an interval after this one began, so that slow answers do not stretch the schedule.
    registration.timers = [this.#deps.clock.timer(check.intervalMs, () => this.#checkNow(registration))];
    this.#apply(registration, { type: "check-began" });
    const began = checkHealth(
      {
        protocol: check.protocol,
        address: target.config.id,
        port: check.port === 0 ? target.config.port : check.port,
        path: check.path,
        timeoutMs: check.timeoutMs,
        matcher: parseMatcher(check.matcher) ?? ((statusCode) => statusCode === 200),
        signal: registration.abort.signal,
      },
      this.#deps.clock,
    );
    void began.then((result) => {
      if (result === undefined) return;
      if (result.type === "check-passed") target.isRefusing = false;
      this.#apply(registration, result);
    });
  }

  #apply(registration: Registration, event: HealthEvent): void {
    const { target } = registration;
    const before = target.health;
    const after = nextHealth(before, event, this.#settings.healthCheck);
    if (after === before) return;
    target.health = after;
    if (after.state === before.state && reasonOf(after) === reasonOf(before)) return;
    target.sinceMs = this.#deps.clock.wallMs();
    if (after.state === "healthy") this.#beginSlowStart(target);
    else target.share = 1;
    // `target_health_state.unhealthy.connection_termination.enabled`, on unless it is set otherwise.
    if (after.state === "unhealthy" && (this.#settings.protocol === "TCP" || this.#settings.protocol === "TLS")) target.expireAll();
    this.#announce(target, before.state);
    this.#refreshFailOpen();
  }

  #announce(target: Target, from: string): void {
    this.#deps.onTransition({
      atMs: target.sinceMs,
      targetGroup: this.#settings.name,
      target: target.key,
      from,
      to: target.health.state,
      reason: reasonOf(target.health),
    });
  }

  /** Ten steps of a linear ramp; skipped when nobody else is healthy, or the first target would get no traffic. */
  #beginSlowStart(target: Target): void {
    const { slowStartMs } = this.#settings;
    const isOnly = !this.targets.some((other) => other !== target && other.health.state === "healthy" && other.share >= 1);
    if (slowStartMs === 0 || isOnly) return;
    const step = (tenths: number): void => {
      target.share = tenths / 10;
      if (tenths < 10) {
        this.#deps.clock.timer(slowStartMs / 10, () => {
          if (target.health.state === "healthy" && target.share === tenths / 10) step(tenths + 1);
        });
      }
    };
    step(1);
  }

  #refreshFailOpen(): void {
    const zones = this.#settings.crossZone ? [undefined] : this.#deps.zones();
    const isFailOpen = zones.some((zone) => eligibleTargets(this.targets, zone, this.#eligibility()).isFailOpen);
    if (this.#failOpen.set(isFailOpen)) this.#deps.onFailOpen(this.#settings.name, isFailOpen);
  }

  #eligibility(): { minimumHealthyCount: number; minimumHealthyPercentage: number; routesToInitial: boolean } {
    const { minimumHealthyCount, minimumHealthyPercentage } = this.#settings;
    return { minimumHealthyCount, minimumHealthyPercentage, routesToInitial: this.#deps.attributes().routesToInitial };
  }

  #stopTimers(registration: Registration): void {
    for (const timer of registration.timers) timer.cancel();
    registration.timers = [];
  }
}

/** The reason code that DescribeTargetHealth shows; null for a healthy target. */
export function reasonOf(health: TargetHealth): string | null {
  return health.state === "healthy" ? null : health.reason;
}
