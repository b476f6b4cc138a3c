import { AppError, type Clock, type Timer } from "../../kernel/index.ts";
import type { Pool, RouteDefinition } from "../../route/index.ts";
import type { HeldView } from "../../admin/index.ts";
import type { StatusView } from "../../router/index.ts";
import type { AlbState, HostedLoadBalancer } from "../alb/index.ts";
import type { LoadState } from "../load/index.ts";
import type { Fleet } from "../manifests/index.ts";
import type { LabNode } from "../machines/machines.ts";
import { ALB_CONTROL_PORT, KUBELET_PORT, LOAD_CONTROL_PORT } from "../network.ts";
import { copiesOf } from "../options.ts";
import { apiServerUrl } from "../part-configs.ts";
import { Controllers } from "./controllers.ts";
import { LoadView } from "./load-view.ts";
import { type LocalPod, isReady } from "./local-pod.ts";
import type { ObservedLab } from "./observed-lab.ts";
import { Poller, type Reading } from "./poller.ts";

/** What the API server says of its memory, and of the pods it stores. */
export interface ApiServerReading {
  readonly heapUsedBytes: number;
  readonly heapLimitBytes: number;
  readonly rssBytes: number;
}

/** The table of a router, as its admin listener prints it. */
export interface RouterTable {
  readonly number: number;
  /** Unix milliseconds. */
  readonly createdAtMs: number;
  readonly routes: readonly RouteDefinition[];
  readonly pools: readonly Pool[];
}

/** What changes within a second, and what people look at less often. */
const FAST_MS = 400;
const SLOW_MS = 1_500;

/**
 * Reads every part of the lab again and again, through the same interfaces that an operator has: nothing here reaches
 * into a process. What it shows is at most a second or two old, and says how old.
 */
export class Observatory {
  readonly load = new LoadView();
  /** The controllers of load balancers. */
  readonly controllers: Controllers;
  readonly #lab: ObservedLab;
  readonly #clock: Clock;
  readonly #apiServer: Poller<ApiServerReading>;
  readonly #objects: Poller<string>;
  readonly #loadBalancers: Poller<readonly HostedLoadBalancer[]>;
  readonly #albs = new Map<string, Poller<AlbState>>();
  readonly #routers = new Map<string, Poller<StatusView>>();
  readonly #held = new Map<string, Poller<HeldView>>();
  readonly #tables = new Map<string, Poller<RouterTable>>();
  readonly #kubelets = new Map<string, Poller<readonly LocalPod[]>>();
  #loadTimer: Timer | undefined;
  #running = false;

  constructor(lab: ObservedLab, clock: Clock) {
    this.#lab = lab;
    this.#clock = clock;
    const { plan } = lab;
    const pods = (): readonly LocalPod[] => this.#nodes.flatMap(({ name }) => this.pods(name).value ?? []);
    this.controllers = new Controllers(plan.fleets, pods, plan.credentials.control, clock);
    const api = apiServerUrl(plan);
    const admin = { authorization: `Bearer ${plan.credentials.admin}` };
    const control = { authorization: `Bearer ${plan.credentials.control}` };
    this.#apiServer = new Poller(
      {
        url: `${api}/lab/memory`,
        headers: admin,
        intervalMs: FAST_MS,
        timeoutMs: 900,
        parse: (body) => JSON.parse(body) as ApiServerReading,
      },
      clock,
    );
    this.#objects = new Poller(
      { url: `${api}/metrics`, headers: admin, intervalMs: SLOW_MS, timeoutMs: 1_500, parse: (body) => body },
      clock,
    );
    const parseList = (body: string): readonly HostedLoadBalancer[] =>
      (JSON.parse(body) as { readonly loadBalancers: readonly HostedLoadBalancer[] }).loadBalancers;
    this.#loadBalancers = new Poller(
      { url: this.#hostUrl(), headers: control, intervalMs: FAST_MS, timeoutMs: 2_000, parse: parseList },
      clock,
    );
    for (const fleet of plan.fleets) {
      const url = (): string | undefined => {
        const base = this.loadBalancerUrl(fleet);
        return base === undefined ? undefined : `${base}/state`;
      };
      this.#albs.set(
        fleet.policy,
        new Poller({ url, headers: control, intervalMs: FAST_MS, timeoutMs: 2_000, parse: (body) => JSON.parse(body) as AlbState }, clock),
      );
    }
  }

  /** Looks at a node, and its routers, from now on. */
  addNode({ name, address }: LabNode): void {
    const parsePods = (body: string): readonly LocalPod[] => (JSON.parse(body) as { readonly items: readonly LocalPod[] }).items;
    this.#watch(this.#kubelets, name, `http://${address}:${KUBELET_PORT}/pods`, FAST_MS * 2, parsePods);
    for (const { policy, adminPort } of this.#lab.plan.fleets) {
      const url = `http://${address}:${adminPort}`;
      const key = `${policy}/${name}`;
      this.#watch(this.#routers, key, `${url}/statusz`, FAST_MS, (body) => JSON.parse(body) as StatusView);
      this.#watch(this.#held, key, `${url}/held`, SLOW_MS, (body) => JSON.parse(body) as HeldView);
      this.#watch(this.#tables, key, `${url}/routes?format=json`, SLOW_MS, (body) => JSON.parse(body) as RouterTable);
    }
  }

  removeNode({ name }: LabNode): void {
    for (const group of [this.#kubelets, this.#routers, this.#held, this.#tables]) {
      for (const [key, poller] of group) {
        if (key !== name && !key.endsWith(`/${name}`)) continue;
        poller.stop();
        group.delete(key);
      }
    }
  }

  start(): void {
    this.#running = true;
    for (const poller of this.#pollers()) poller.start();
    void this.#readLoad();
  }

  stop(): void {
    this.#running = false;
    this.#loadTimer?.cancel();
    for (const poller of this.#pollers()) poller.stop();
  }

  apiServer(): Reading<ApiServerReading> {
    return this.#apiServer.reading;
  }

  /** Objects stored, by kind, as the API server said last; undefined before it ever did. */
  objectCount(plural: string): number | undefined {
    const text = this.#objects.reading.value;
    if (text === undefined) return undefined;
    const match = new RegExp(`^apiserver_storage_objects\\{resource="${plural}"\\} (\\d+)$`, "m").exec(text);
    return match === null ? undefined : Number(match[1]);
  }

  /** Pods that no kubelet of the lab runs: those that wait for a node. */
  pendingPods(): number | undefined {
    const all = this.objectCount("pods");
    if (all === undefined) return undefined;
    const placed = this.#nodes.reduce((sum, { name }) => sum + (this.pods(name).value?.length ?? 0), 0);
    return Math.max(0, all - placed);
  }

  alb(policy: string): Reading<AlbState> {
    return this.#reading(this.#albs, policy);
  }

  router(node: string, policy: string): Reading<StatusView> {
    return this.#reading(this.#routers, `${policy}/${node}`);
  }

  held(node: string, policy: string): Reading<HeldView> {
    return this.#reading(this.#held, `${policy}/${node}`);
  }

  table(node: string, policy: string): Reading<RouterTable> {
    return this.#reading(this.#tables, `${policy}/${node}`);
  }

  pods(node: string): Reading<readonly LocalPod[]> {
    return this.#reading(this.#kubelets, node);
  }

  /** Where the control API of the load balancers' host tells of a fleet's; undefined while there is none. */
  loadBalancerUrl(fleet: Fleet): string | undefined {
    const isIts = ({ targetGroups }: HostedLoadBalancer): boolean =>
      targetGroups.some(({ settings }) => settings.healthCheck.port === fleet.adminPort);
    const found = this.#loadBalancers.reading.value?.find(isIts);
    return found === undefined ? undefined : `${this.#hostUrl()}/${encodeURIComponent(found.id)}`;
  }

  /** Where clients reach a fleet by HTTP, in each zone of its load balancer; none while there is none. */
  entryUrls(policy: string): readonly string[] {
    const alb = this.alb(policy).value;
    const port = alb?.listeners.find(({ protocol }) => protocol === "HTTP")?.port;
    return port === undefined ? [] : (alb?.nodes ?? []).map(({ address }) => `http://${address}:${port}`);
  }

  /** Addresses and ports of all listeners of a fleet's load balancer; none while there is none. */
  entryAddresses(policy: string): readonly string[] {
    const alb = this.alb(policy).value;
    return (alb?.nodes ?? []).flatMap(({ address }) => (alb?.listeners ?? []).map(({ port }) => `${address}:${port}`));
  }

  kubeletUrl(node: string): string {
    return `http://${this.nodeAddress(node)}:${KUBELET_PORT}`;
  }

  routerUrl(node: string, fleet: Fleet): string {
    return `http://${this.nodeAddress(node)}:${fleet.adminPort}`;
  }

  nodeAddress(node: string): string {
    const found = this.#nodes.find(({ name }) => name === node);
    if (found === undefined)
      throw new AppError("LAB_NO_SUCH_NODE", `the lab has no node ${node} now; it has ${this.#nodes.map(({ name }) => name).join(", ")}`);
    return found.address;
  }

  /** The name of the pod that is a fleet's router on a node, as its kubelet has it. */
  routerPod(node: string, policy: string): string | undefined {
    return this.pods(node).value?.find((pod) => pod.metadata.labels?.["app"] === `router-${policy}`)?.metadata.name;
  }

  /** What is not yet as it should be before the load may start; empty when all is well. */
  missing(): readonly string[] {
    const missing: string[] = [];
    const wantedNodes = this.#lab.plan.options.nodes;
    const nodes = this.#nodes.map(({ name }) => name);
    if (nodes.length < wantedNodes) missing.push(`${wantedNodes - nodes.length} nodes`);
    const wanted = this.#lab.applications.length * copiesOf(this.#lab.plan.options);
    const pods = nodes.flatMap((node) => this.pods(node).value ?? []);
    const ready = pods.filter((pod) => pod.metadata.namespace === "shop" && isReady(pod)).length;
    if (ready < wanted) missing.push(`${wanted - ready} application pods`);
    for (const node of nodes) {
      for (const fleet of this.#lab.plan.fleets) {
        const router = this.router(node, fleet.policy).value;
        if (router === undefined || !router.ready || router.routes === 0) missing.push(`router-${fleet.policy} on ${node}`);
      }
    }
    for (const fleet of this.#lab.plan.fleets) {
      const targets = this.alb(fleet.policy).value?.targetGroups.flatMap((group) => group.targets) ?? [];
      const healthy = targets.filter((target) => target.state === "healthy").length;
      if (healthy < wantedNodes) missing.push(`${wantedNodes - healthy} healthy targets of the load balancer of router-${fleet.policy}`);
    }
    return missing;
  }

  /** Asks the load generator now, outside the rhythm; for the last figures. */
  async readLoadNow(): Promise<boolean> {
    const { plan } = this.#lab;
    try {
      const response = await fetch(`http://${plan.network.loadAddress}:${LOAD_CONTROL_PORT}/state${this.load.query}`, {
        headers: { authorization: `Bearer ${plan.credentials.control}` },
        signal: AbortSignal.timeout(2_000),
      });
      if (!response.ok) return false;
      this.load.take((await response.json()) as LoadState);
      return true;
    } catch {
      return false; // It has not started yet, or has ended; the part's own state says which.
    }
  }

  async #readLoad(): Promise<void> {
    await this.readLoadNow();
    if (this.#running) this.#loadTimer = this.#clock.timer(FAST_MS, () => void this.#readLoad());
  }

  *#pollers(): Generator<Poller<unknown>> {
    yield this.#apiServer;
    yield this.#objects;
    yield this.#loadBalancers;
    yield* this.controllers.pollers();
    for (const group of [this.#albs, this.#routers, this.#held, this.#tables, this.#kubelets])
      yield* group.values() as Iterable<Poller<unknown>>;
  }

  get #nodes(): readonly LabNode[] {
    return this.#lab.machines.nodes;
  }

  #hostUrl(): string {
    return `http://${this.#lab.plan.network.albHost}:${ALB_CONTROL_PORT}/load-balancers`;
  }

  #watch<T>(pollers: Map<string, Poller<T>>, key: string, url: string, intervalMs: number, parse: (body: string) => T): void {
    const poller = new Poller({ url, intervalMs, timeoutMs: 2_000, parse }, this.#clock);
    pollers.set(key, poller);
    if (this.#running) poller.start();
  }

  #reading<T>(pollers: ReadonlyMap<string, Poller<T>>, name: string): Reading<T> {
    return pollers.get(name)?.reading ?? { value: undefined, atMs: 0, error: `nothing is called ${name}` };
  }
}
