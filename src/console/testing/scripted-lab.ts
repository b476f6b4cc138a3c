import type { Clock } from "../../kernel/index.ts";
import {
  type ActionView,
  type ConsoleActions,
  type ConsoleSnapshot,
  HELD_APPROVE,
  HELD_REJECT,
  type LaneView,
  type NodeView,
  type Policy,
  type ProcessView,
  type RouterView,
  type RouteView,
} from "../contract.ts";
import { scriptedLoadBalancer } from "./scripted-load-balancer.ts";
import { HEAP_LIMIT_BYTES, NODES, POLICIES, ScriptedWorld } from "./scripted-world.ts";

const RUNNING: ProcessView = { state: "running", restartInMs: null };
const ROUTES = ["/", "/cart", "/search", "/product", "/account", "/checkout"];

export interface ScriptedLab {
  snapshot(): ConsoleSnapshot;
  readonly actions: ConsoleActions;
}

/**
 * Serves a ScriptedWorld as the lab would serve itself.
 * @param options.speed scripted seconds per second of `clock`.
 * @param options.isPlayed whether the outage of 2017 runs by itself, or all is well until a button is pressed.
 */
export function createScriptedLab(
  clock: Clock,
  options: { readonly isPlayed: boolean; readonly speed: number; readonly fromSeconds: number },
): ScriptedLab {
  const world = new ScriptedWorld(options.isPlayed);
  const startedAtMono = clock.monoMs() - (options.fromSeconds * 1000) / options.speed;
  const advance = (): number => {
    const t = ((clock.monoMs() - startedAtMono) / 1000) * options.speed;
    while (world.tSeconds < Math.floor(t)) world.step();
    return t;
  };
  return {
    snapshot: () => snapshotOf(world, advance(), clock.wallMs()),
    actions: { list: () => actionsOf(world), run: (name, target) => run(world, name, target) },
  };
}

function snapshotOf(world: ScriptedWorld, t: number, nowMs: number): ConsoleSnapshot {
  const hasVerdict = world.isPlayed && world.tSeconds >= 92;
  const failed = world.series.naive.reduce((sum, point) => sum + point.failed, 0);
  return {
    takenAtMs: nowMs,
    scenario: {
      name: world.isPlayed ? "zalando-2017, scripted" : "none, scripted",
      startedAtMs: nowMs - t * 1000,
      tSeconds: t,
      phases: world.phases,
      verdict: hasVerdict
        ? {
            outcome: "held",
            sentence: `2017 failed ${failed.toLocaleString("en")} requests in ${world.outageSeconds} s of outage; Holdfast failed none.`,
          }
        : null,
    },
    controlPlane: {
      apiServer: {
        ...apiProcess(world, t),
        heapUsedBytes: world.isApiUp ? world.heapBytes : null,
        heapLimitBytes: HEAP_LIMIT_BYTES,
        kills: world.kills,
        lastExit: world.kills > 0 ? "V8 out of memory" : null,
        pods: world.pods,
        pendingPods: world.pods - 14,
      },
      store: { ...RUNNING, objects: 310 + world.pods, sizeBytes: (310 + world.pods) * 2100 },
      scheduler: RUNNING,
      controllers: RUNNING,
    },
    lanes: POLICIES.map((policy) => laneOf(world, policy)),
    loadBalancers: POLICIES.map((policy) => scriptedLoadBalancer(policy, laneOf(world, policy))),
    nodes: NODES.map((_, index) => nodeOf(world, index, t)),
    routes: POLICIES.flatMap((policy) => ROUTES.map((path) => routeOf(world, policy, path))),
    routesTotal: ROUTES.length * 2,
    held: world.held,
    timeline: world.timeline,
    faults: world.faults,
    experiment: null,
  };
}

function apiProcess(world: ScriptedWorld, t: number): ProcessView {
  if (world.isApiUp) return RUNNING;
  if (world.isBroken("api-server")) return { state: "stopped", restartInMs: null };
  const restartInMs = (world.apiUpAt - t) * 1000;
  return restartInMs > 900 ? { state: "backoff", restartInMs } : { state: "starting", restartInMs: null };
}

function laneOf(world: ScriptedWorld, policy: Policy): LaneView {
  const series = world.series[policy];
  const sum = (pick: (point: (typeof series)[number]) => number): number => series.reduce((total, point) => total + pick(point), 0);
  const right = sum((point) => point.right);
  const failed = sum((point) => point.failed);
  const last = series.at(-1);
  const isFailing = policy === "naive" && world.isNaiveEmpty;
  const perNode = (last?.right ?? 0) / 3;
  return {
    policy,
    label: policy === "naive" ? "as in 2017" : "Holdfast",
    alb: {
      ...RUNNING,
      failOpen: policy === "naive" && world.isFailOpen,
      failOpenSeconds: policy === "naive" ? world.failOpenSeconds : 0,
      targets: NODES.map((node) => {
        const isUnhealthy =
          world.downNode === node || (policy === "naive" && world.unhealthySince !== null && world.tSeconds > world.unhealthySince);
        return { node, state: isUnhealthy ? "unhealthy" : "healthy", reason: isUnhealthy ? "Target.ResponseCodeMismatch" : null };
      }),
    },
    totals: {
      sent: right + failed,
      right,
      failed,
      lostInFlight: 0,
      byStatus: { "200": right, ...(failed > 0 ? { "404": failed } : {}) },
      wrongApplication: 0,
      outageSeconds: policy === "naive" ? world.outageSeconds : 0,
    },
    series,
    edges: [
      { from: "clients", to: "alb", requestsPerSecond: (last?.right ?? 0) + (last?.failed ?? 0), failedPerSecond: last?.failed ?? 0 },
      ...NODES.flatMap((node) => [
        { from: "alb", to: `router/${node}`, requestsPerSecond: isFailing ? 40 : perNode, failedPerSecond: isFailing ? 40 : 0 },
        { from: `router/${node}`, to: `pods/${node}`, requestsPerSecond: isFailing ? 0 : perNode, failedPerSecond: 0 },
      ]),
    ],
  };
}

function nodeOf(world: ScriptedWorld, index: number, t: number): NodeView {
  const name = NODES[index] ?? "node-1";
  const isDown = world.downNode === name;
  return {
    name,
    zone: `eu-central-1${"abc"[index] ?? "a"}`,
    kubelet: isDown ? { state: "stopped", restartInMs: null } : RUNNING,
    routers: POLICIES.map((policy) => routerOf(world, policy, name, t)),
    pods: ["web", "cart", "search", "product"].slice(0, index === 1 ? 4 : 3).map((application) => ({
      name: `${application}-7d9f-${index}`,
      application,
      ready: !isDown,
      state: isDown ? "Terminating" : "Running",
    })),
  };
}

function routerOf(world: ScriptedWorld, policy: Policy, node: string, t: number): RouterView {
  const router = world.routers.get(`${policy}/${node}`) ?? { downUntil: 0, restarts: 0, restored: false };
  const restartInMs = (router.downUntil - 1 - t) * 1000;
  const isNodeDown = world.downNode === node;
  const isDown = isNodeDown || t < router.downUntil;
  const isEmpty = policy === "naive" && world.isNaiveEmpty;
  const age = world.isApiUp ? 0 : t - world.lastApiUp;
  const down: ProcessView = isNodeDown
    ? { state: "stopped", restartInMs: null }
    : { state: restartInMs > 0 ? "backoff" : "starting", restartInMs: restartInMs > 0 ? restartInMs : null };
  return {
    policy,
    ...(isDown ? down : RUNNING),
    restarts: router.restarts,
    control: isDown ? { state: "stopped", restartInMs: null } : RUNNING,
    ready: !isDown && !isEmpty,
    generation: isDown ? null : isEmpty ? world.generation + 1 : world.generation,
    source: isDown ? null : router.restored ? "restored" : age > 10 && policy === "hold" ? "stale" : "live",
    ageSeconds: isDown ? null : router.restored ? age + 2 : age,
    routes: isDown ? null : isEmpty ? 0 : ROUTES.length,
    held: policy === "hold" && !isDown ? world.held.length : 0,
    watch: world.isApiUp && !isDown ? "up" : "down",
  };
}

function routeOf(world: ScriptedWorld, policy: Policy, path: string): RouteView {
  const held = policy === "hold" ? world.held.find((item) => item.keys.includes(`ingress shop${path}`)) : undefined;
  const isGone = policy === "naive" && world.isNaiveEmpty;
  const isStale = policy === "hold" && !world.isApiUp && world.tSeconds - world.lastApiUp > 10;
  return {
    policy,
    host: "shop.example",
    path,
    endpoints: isGone ? 0 : 2 + (path.length % 3),
    state: isGone ? "gone" : held !== undefined ? "held" : isStale ? "stale" : "live",
    generation: isGone ? world.generation + 1 : world.generation,
    heldId: held?.id ?? null,
  };
}

function actionsOf(world: ScriptedWorld): readonly ActionView[] {
  const base = { whyNot: null, enabled: true, putBack: null, targets: [] };
  const off = (isOff: boolean, whyNot: string): Pick<ActionView, "enabled" | "whyNot"> =>
    isOff ? { enabled: false, whyNot } : { enabled: true, whyNot: null };
  const nodes = NODES.map((node) => ({ value: node, label: node }));
  const fleets = POLICIES.flatMap((policy) =>
    NODES.map((node) => ({ value: `${policy}/${node}`, label: `${policy === "naive" ? "2017" : "Holdfast"}, ${node}` })),
  );
  return [
    {
      ...base,
      name: "flood",
      kind: "break",
      label: "Flood with pods",
      description: "A CronJob without bound creates pods until the API server's memory is full.",
      putBack: "remove-flood",
      ...off(world.isBroken("flood"), "the flood is running"),
    },
    {
      ...base,
      name: "kill-api-server",
      kind: "break",
      label: "Stop the API server",
      description: "kill -9, and it stays down until put back.",
      putBack: "start-api-server",
      ...off(world.isBroken("api-server"), "it is down"),
    },
    {
      ...base,
      name: "kill-router",
      kind: "break",
      label: "Kill a router",
      description: "kill -9 of one router; its kubelet starts it again.",
      targets: fleets,
    },
    {
      ...base,
      name: "kill-node",
      kind: "break",
      label: "Kill a node",
      description: "Kubelet and every pod on it end at once.",
      targets: nodes,
      putBack: "start-node",
      ...off(world.downNode !== null, "one is down already"),
    },
    {
      ...base,
      name: "change-route",
      kind: "change",
      label: "Change a route",
      description: "Creates an Ingress; both fleets should serve it within a second.",
    },
    { ...base, name: "remove-flood", kind: "put-back", label: "Remove the flood", description: "Deletes the CronJob and its pods." },
    { ...base, name: "start-api-server", kind: "put-back", label: "Start the API server", description: "Starts it on its old data." },
    { ...base, name: "start-node", kind: "put-back", label: "Start the node", description: "Starts its kubelet." },
    {
      ...base,
      name: HELD_APPROVE,
      kind: "held",
      label: "Approve the removal",
      description: "The removal is done now, and the decision is logged with your name.",
    },
    {
      ...base,
      name: HELD_REJECT,
      kind: "held",
      label: "Reject the removal",
      description: "The route stays until its source speaks again.",
    },
  ];
}

function run(world: ScriptedWorld, name: string, target: string | null): Promise<string> {
  if (name === "flood") world.break("flood", "flood of pods", "remove-flood");
  if (name === "remove-flood") world.mend("flood");
  if (name === "kill-api-server") world.break("api-server", "API server stopped", "start-api-server");
  if (name === "start-api-server") {
    world.mend("api-server");
    world.apiUpAt = world.tSeconds + 1;
  }
  if (name === "kill-node") {
    world.downNode = target;
    world.break("node", `${target ?? ""} down`, "start-node");
  }
  if (name === "start-node") {
    world.downNode = null;
    world.mend("node");
  }
  if (name === "change-route") world.changeRoute();
  if (name === HELD_APPROVE || name === HELD_REJECT) world.decide(target ?? "", name === HELD_APPROVE ? "approved" : "rejected");
  if (name === "kill-router") {
    const [policy, node] = (target ?? "").split("/");
    if ((policy === "naive" || policy === "hold") && node !== undefined) world.killRouter(policy, node);
  }
  return Promise.resolve(`${name}${target === null ? "" : ` on ${target}`}: under way.`);
}
