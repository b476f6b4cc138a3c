import { type Random, seededRandom } from "../../kernel/index.ts";
import type { FaultView, HeldView, PhaseView, Policy, SeriesPoint, TimelineView } from "../contract.ts";

export const NODES = ["node-1", "node-2", "node-3"] as const;
export const POLICIES = ["naive", "hold"] as const;
export const HEAP_LIMIT_BYTES = 160 * 1024 * 1024;
const RATE = 120;
const MEGABYTE = 1024 * 1024;

/** When each phase of the scripted outage begins, seconds. */
const PHASES: readonly (readonly [id: string, label: string, atSeconds: number])[] = [
  ["baseline", "baseline", 0],
  ["flood", "flood", 10],
  ["down", "API server down", 20],
  ["restarts", "routers restarted", 48],
  ["removed", "flood removed", 64],
  ["converged", "converged", 84],
];

export interface ScriptedRouter {
  downUntil: number;
  restarts: number;
  restored: boolean;
}

/**
 * A made-up outage, second by second, with the shapes a real one has: it measures nothing and exists so that the page
 * and its tests can be looked at without a cluster. `step` moves it by one second.
 */
export class ScriptedWorld {
  tSeconds = -1;
  heapBytes = 61 * MEGABYTE;
  pods = 14;
  kills = 0;
  apiUpAt = 0;
  lastApiUp = 0;
  generation = 17;
  isNaiveEmpty = false;
  failOpenSeconds = 0;
  outageSeconds = 0;
  unhealthySince: number | null = null;
  held: readonly HeldView[] = [];
  downNode: string | null = null;
  readonly faults: FaultView[] = [];
  readonly timeline: TimelineView[] = [];
  readonly series: Readonly<Record<Policy, SeriesPoint[]>> = { naive: [], hold: [] };
  readonly routers = new Map<string, ScriptedRouter>();
  readonly isPlayed: boolean;
  readonly #random: Random = seededRandom(2017);

  constructor(isPlayed: boolean) {
    this.isPlayed = isPlayed;
    for (const policy of POLICIES)
      for (const node of NODES) this.routers.set(`${policy}/${node}`, { downUntil: 0, restarts: 0, restored: false });
    this.#tell("lab is up: 3 nodes, 2 router fleets, 6 applications", null, "good", null, 0);
  }

  get isApiUp(): boolean {
    return this.tSeconds >= this.apiUpAt && !this.isBroken("api-server");
  }

  get isFailOpen(): boolean {
    return this.unhealthySince !== null && this.tSeconds - this.unhealthySince >= 2;
  }

  get phases(): readonly PhaseView[] {
    if (!this.isPlayed) return [];
    return PHASES.map(([id, label, at], index) => {
      const next = PHASES[index + 1]?.[2] ?? Number.POSITIVE_INFINITY;
      const state = this.tSeconds < at ? "pending" : this.tSeconds < next ? "running" : "done";
      return { id, label, state, startedAtSeconds: state === "pending" ? null : at, endedAtSeconds: state === "done" ? next : null };
    });
  }

  isBroken(id: string): boolean {
    return this.faults.some((fault) => fault.id === id && fault.endedAtSeconds === null);
  }

  break(id: string, label: string, putBackAction: string | null): void {
    if (this.isBroken(id)) return;
    this.faults.push({
      id,
      kind: "break",
      label,
      startedAtSeconds: this.tSeconds,
      endedAtSeconds: null,
      putBackAction,
      putBackTarget: null,
    });
    this.#tell(label, "broken on purpose", "warning", null);
  }

  mend(id: string): void {
    const index = this.faults.findIndex((fault) => fault.id === id && fault.endedAtSeconds === null);
    const fault = this.faults[index];
    if (fault === undefined) return;
    this.faults[index] = { ...fault, endedAtSeconds: this.tSeconds };
    this.#tell(`${fault.label}: put back`, null, "good", null);
  }

  killRouter(policy: Policy, node: string): void {
    const router = this.routers.get(`${policy}/${node}`);
    if (router === undefined) return;
    Object.assign(router, { downUntil: this.tSeconds + 3, restarts: router.restarts + 1, restored: policy === "hold" });
    this.#tell(`router ${policy} on ${node} killed; its kubelet starts it again`, "broken on purpose", "warning", policy);
  }

  decide(id: string, verb: string): void {
    this.held = this.held.filter((held) => held.id !== id);
    this.#tell(`held removal ${id} ${verb}`, "decided in the console", "plain", "hold");
  }

  changeRoute(): void {
    this.generation += 1;
    this.#tell(`route shop.example/new created, generation ${this.generation}`, "changed in the console", "plain", null);
  }

  step(): void {
    this.tSeconds += 1;
    if (this.isPlayed) this.#play();
    this.#apiServer();
    this.#fleets();
    for (const policy of POLICIES) this.series[policy].push(this.#traffic(policy));
  }

  #play(): void {
    const t = this.tSeconds;
    if (t === 10) this.break("flood", "flood of pods", "remove-flood");
    if (t === 64) this.mend("flood");
    if (t >= 48 && t < 60 && (t - 48) % 4 === 0) {
      for (const policy of POLICIES) this.killRouter(policy, NODES[(t - 48) / 4] ?? "node-1");
    }
    if (t === 90)
      this.#tell("removal of ingress shop/old confirmed by a second complete list and done", "deleted at t + 86 s", "good", "hold");
  }

  #apiServer(): void {
    const isFlooded = this.isBroken("flood");
    if (!this.isApiUp) return;
    this.lastApiUp = this.tSeconds;
    if (isFlooded) this.pods = Math.min(4200, this.pods + 410);
    else this.pods = Math.max(14, this.pods - 700);
    const wantedBytes = (61 + this.pods * 0.03) * MEGABYTE;
    this.heapBytes += (wantedBytes - this.heapBytes) * 0.4 + (isFlooded ? 6 * MEGABYTE : 0);
    if (this.heapBytes < HEAP_LIMIT_BYTES) return;
    const backOff = Math.min(16, 2 ** this.kills);
    this.kills += 1;
    this.heapBytes = 96 * MEGABYTE;
    this.apiUpAt = this.tSeconds + 2 + backOff;
    this.#tell(
      `API server killed (V8 out of memory), ${ordinal(this.kills)} time`,
      `${this.pods.toLocaleString("en")} pods in its watch cache`,
      "alarm",
      null,
    );
  }

  #fleets(): void {
    const t = this.tSeconds;
    for (const router of this.routers.values()) if (this.isApiUp && t > router.downUntil + 2) router.restored = false;
    const wasEmpty = this.isNaiveEmpty;
    if (!this.isApiUp && t - this.lastApiUp >= 1) this.isNaiveEmpty = true;
    if (this.isApiUp && t - this.apiUpAt >= 4) this.isNaiveEmpty = false;
    if (this.isNaiveEmpty && !wasEmpty) {
      this.#tell("all routes removed, every answer is 404", "list of ingresses failed and was believed empty", "alarm", "naive");
      if (this.held.length === 0) {
        this.held = scriptedHeld(t);
        this.#tell("3 removals held", "sources silent; no complete list confirms them", "warning", "hold");
      }
    }
    if (!this.isNaiveEmpty && wasEmpty) this.#tell("routes are back", "API server answered", "good", "naive");
    if (this.isApiUp && t - this.apiUpAt >= 8 && !this.isBroken("flood")) this.held = [];
    const wasOpen = this.isFailOpen;
    this.unhealthySince = this.isNaiveEmpty ? (this.unhealthySince ?? t + 1) : null;
    if (this.isFailOpen) this.failOpenSeconds += 1;
    if (this.isFailOpen && !wasOpen)
      this.#tell("ALB as in 2017 fails open: 0 of 3 targets healthy", "health checks ask the API server", "alarm", "naive");
  }

  #traffic(policy: Policy): SeriesPoint {
    const jitter = this.#random.next();
    const isEmpty = policy === "naive" && this.isNaiveEmpty;
    const failed = isEmpty ? RATE : 0;
    if (failed > 0) this.outageSeconds += 1;
    const loadMs = this.isBroken("flood") ? 1.4 : 0;
    const p50Ms = (isEmpty ? 0.9 : 2.1 + loadMs) + jitter * 0.5;
    return { tSeconds: this.tSeconds, right: RATE - failed, failed, p50Ms, p99Ms: p50Ms * 2.4 + jitter * 6 };
  }

  #tell(event: string, cause: string | null, tone: TimelineView["tone"], policy: Policy | null, tSeconds = this.tSeconds): void {
    this.timeline.push({ id: `event-${this.timeline.length + 1}`, tSeconds, event, cause, tone, policy });
  }
}

function scriptedHeld(t: number): HeldView[] {
  const evidence = [
    { source: "watch of ingresses", atSeconds: t - 4, said: "live, resourceVersion 8117" },
    { source: "watch of ingresses", atSeconds: t - 1, said: "closed: connection reset by 127.30.0.1:6443" },
    { source: "list of ingresses", atSeconds: t, said: "no answer within 2 s: an error, not an empty list" },
  ];
  const releasedBy = "a delete event of a live watch, or 2 complete lists 10 s apart that agree";
  return [
    { id: "held-1", keys: ["ingress shop/cart"], reason: "the list came back without it, and the list was not complete" },
    {
      id: "held-2",
      keys: ["ingress shop/search", "ingress shop/product"],
      reason: "2 of 6 at once is more than the budget of 1 per minute",
    },
    {
      id: "held-3",
      keys: ["endpoint 127.30.12.4:8080 of shop/cart"],
      reason: "its EndpointSlice is known only from before the watch was cut",
    },
  ].map((item) => ({ ...item, policy: "hold", routers: [...NODES], sinceSeconds: t, evidence, releasedBy }));
}

function ordinal(count: number): string {
  return count === 1 ? "1st" : count === 2 ? "2nd" : count === 3 ? "3rd" : `${count}th`;
}
