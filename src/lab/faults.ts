import { AppError, type Clock, messageOf, sleep } from "../kernel/index.ts";
import { kinds, statusOf } from "../kube/index.ts";
import type { Lab } from "./lab.ts";
import { FLOOD_NAME, FLOOD_NAMESPACE, flood, readManifest } from "./manifests/index.ts";
import { ALB_CONTROL_PORT, LOAD_CONTROL_PORT, SALE_HOST } from "./part-configs.ts";
import type { PolicyName } from "./scenario/result.ts";

/** A fault that somebody made, until it is put back. */
export interface Fault {
  readonly id: string;
  readonly label: string;
  readonly startedAtMs: number;
  endedAtMs: number | undefined;
}

/** What can be done to the lab, by the scenario and by hand alike. Each says on the timeline that it was done. */
export class Faults {
  readonly #lab: Lab;
  readonly #clock: Clock;
  #faults: Fault[] = [];

  constructor(lab: Lab, clock: Clock) {
    this.#lab = lab;
    this.#clock = clock;
  }

  /** All that were made, the ended ones too. */
  get all(): readonly Fault[] {
    return this.#faults;
  }

  isOpen(id: string): boolean {
    return this.#faults.some((fault) => fault.id === id && fault.endedAtMs === undefined);
  }

  /** Applies the CronJob of 2017. @throws AppError KUBE_* when the API server does not take it */
  async startFlood(): Promise<void> {
    const { podsPerRun, paddingBytes } = this.#lab.plan.options.flood;
    for (const object of flood(podsPerRun, paddingBytes)) await this.#lab.apply(object);
    this.#open("flood", "flood of pods");
    this.#lab.timeline.add({
      event: `a CronJob starts ${podsPerRun.toLocaleString("en-US")} pods a minute that fit on no node`,
      cause: "kubectl apply -f reindex.yaml",
      tone: "warning",
      policy: null,
    });
  }

  /**
   * What the operators did: a bigger machine for the API server, so that it stays up, then the CronJob, its Jobs and their
   * pods deleted. Tries until it is done or `signal` aborts; says whether it is done.
   */
  async removeFlood(signal: AbortSignal): Promise<boolean> {
    const api = this.#lab.part("apiserver");
    const { apiServerBigHeapMb } = this.#lab.plan.options;
    this.#lab.growApiServer(apiServerBigHeapMb);
    await api.stop("SIGKILL");
    try {
      await api.start(60_000);
    } catch (thrown) {
      this.#lab.timeline.add({ event: messageOf(thrown), cause: null, tone: "alarm", policy: null });
      return false;
    }
    this.#lab.timeline.add({
      event: `API server moved to a bigger machine (${apiServerBigHeapMb} MB)`,
      cause: "the operators",
      tone: "plain",
      policy: null,
    });
    const { admin } = this.#lab;
    const steps: readonly (() => Promise<void>)[] = [
      () => admin.delete(kinds.cronJobs, { name: FLOOD_NAME, namespace: FLOOD_NAMESPACE }, { propagationPolicy: "Background" }),
      () => admin.deleteCollection(kinds.jobs, { namespace: FLOOD_NAMESPACE, propagationPolicy: "Background" }),
      () =>
        admin.deleteCollection(kinds.pods, {
          namespace: FLOOD_NAMESPACE,
          gracePeriodSeconds: 0,
          propagationPolicy: "Background",
          timeoutMs: 20_000,
        }),
    ];
    for (const step of steps) await this.#untilDone(step, signal);
    for (;;) {
      const left = await this.#remainingPods();
      if (left === 0) break;
      if (signal.aborted) return false;
      // A Job controller that had not yet seen the Job go may have made some more.
      if (left !== undefined) await this.#untilDone(steps[2] ?? (() => Promise.resolve()), signal);
      await sleep(this.#clock, 300, signal);
    }
    this.#close("flood");
    this.#lab.timeline.add({ event: "flood removed", cause: "kubectl delete cronjob, jobs, pods", tone: "good", policy: null });
    return true;
  }

  /** Kills the API server and keeps it down. */
  async stopApiServer(): Promise<string> {
    await this.#lab.part("apiserver").stop("SIGKILL");
    this.#open("api-server", "API server down");
    this.#lab.timeline.add({ event: "API server killed", cause: "by hand", tone: "alarm", policy: null });
    return "Killed the API server; it stays down until it is put back.";
  }

  async startApiServer(): Promise<string> {
    await this.#lab.part("apiserver").start(30_000);
    this.#close("api-server");
    return "The API server runs again.";
  }

  /** `kill -9` of a whole router: its kubelet starts it again. */
  async killRouter(node: string, policy: PolicyName): Promise<string> {
    if (!(await this.#lab.stopRouter(node, policy, "KILL")))
      throw new AppError("LAB_FAULT_FAILED", `router-${policy} does not run on ${node} now; try again in a second`);
    this.#lab.timeline.add({ event: `router on ${node} killed`, cause: "kill -9 by hand", tone: "warning", policy });
    return `Killed router-${policy} on ${node}; its kubelet starts it again.`;
  }

  /** `kill -9` of the control processes of every router of a fleet. Says how many. */
  killControlProcesses(policy: PolicyName): number {
    const pids = this.#lab.nodes.flatMap((node) => this.#lab.observatory.router(node, policy).value?.control.pid ?? []);
    for (const pid of pids) killProcess(pid);
    this.#lab.timeline.add({ event: `control process of ${pids.length} routers killed`, cause: "kill -9", tone: "warning", policy });
    return pids.length;
  }

  /**
   * `kill -9` of one worker of a router. What it was answering is torn down; the load generator is told when, and how many
   * requests the load balancer had in flight there at most, and counts no more than those apart.
   */
  async killWorker(node: string, policy: PolicyName): Promise<string> {
    const fleet = this.#lab.plan.fleets.find((candidate) => candidate.policy === policy);
    const pid = this.#lab.observatory.router(node, policy).value?.workers.find((worker) => worker.state === "ready")?.pid ?? null;
    if (fleet === undefined || pid === null)
      throw new AppError("LAB_FAULT_FAILED", `no worker of router-${policy} runs on ${node} now; try again in a second`);
    const at = this.#lab.plan.fleets.indexOf(fleet);
    const target = `${this.#lab.observatory.nodeAddress(node)}:${fleet.trafficPort}`;
    const atMs = this.#clock.wallMs();
    killProcess(pid);
    while (isAlive(pid)) await sleep(this.#clock, 2);
    const untilMs = this.#clock.wallMs();
    const { plan } = this.#lab;
    const headers = { authorization: `Bearer ${plan.credentials.control}`, "content-type": "application/json" };
    const inFlightUrl = `http://${plan.network.albAddress(at + 1)}:${ALB_CONTROL_PORT}/in-flight?target=${encodeURIComponent(target)}&fromMs=${Math.floor(atMs)}&untilMs=${Math.ceil(untilMs)}`;
    const answer = (await (await fetch(inFlightUrl, { headers, signal: AbortSignal.timeout(5_000) })).json()) as {
      readonly inFlight: number;
    };
    const notice = { target, atMs: Math.floor(atMs), untilMs: Math.ceil(untilMs), inFlightLimit: answer.inFlight };
    await fetch(`http://${plan.network.loadAddress}:${LOAD_CONTROL_PORT}/kill-notice`, {
      method: "POST",
      headers,
      body: JSON.stringify(notice),
      signal: AbortSignal.timeout(5_000),
    });
    this.#lab.timeline.add({
      event: `worker on ${node} killed with ${answer.inFlight} requests in flight`,
      cause: "kill -9",
      tone: "warning",
      policy,
    });
    return `Killed one worker (pid ${pid}) of router-${policy} on ${node}.`;
  }

  /** Cuts a node's power: kubelet and everything it runs. */
  async killNode(node: string): Promise<string> {
    const part = this.#lab.part(`kubelet-${node}`);
    const response = await fetch(`${this.#lab.observatory.kubeletUrl(node)}/power-off`, {
      method: "POST",
      signal: AbortSignal.timeout(5_000),
    });
    if (!response.ok) throw new AppError("LAB_FAULT_FAILED", `${node} did not lose its power: its kubelet answered ${response.status}`);
    await part.stop("SIGKILL");
    this.#open(`node/${node}`, `${node} down`);
    this.#lab.timeline.add({ event: `${node} lost its power`, cause: "by hand", tone: "alarm", policy: null });
    return `Cut the power of ${node}: its kubelet, routers and pods are gone until it is put back.`;
  }

  async startNode(node: string): Promise<string> {
    await this.#lab.part(`kubelet-${node}`).start(30_000);
    this.#close(`node/${node}`);
    this.#lab.timeline.add({ event: `${node} has power again`, cause: "by hand", tone: "plain", policy: null });
    return `${node} starts again.`;
  }

  /** Makes the route to `sale.lab`. @throws AppError KUBE_* */
  async addSaleRoute(): Promise<string> {
    for (const object of readManifest("change.yaml")) await this.#lab.apply(object);
    this.#open("sale", "route sale.lab");
    this.#lab.timeline.add({ event: "route sale.lab made", cause: "kubectl apply -f change.yaml", tone: "plain", policy: null });
    return "Made Ingress shop/sale: sale.lab goes to cart.";
  }

  async removeSaleRoute(): Promise<string> {
    await this.#lab.admin.delete(kinds.ingresses, { name: "sale", namespace: "shop" });
    this.#close("sale");
    this.#lab.timeline.add({ event: "route sale.lab deleted", cause: "kubectl delete ingress sale", tone: "plain", policy: null });
    return "Deleted Ingress shop/sale.";
  }

  /** From now on the load asks for the new route, too, and it must be answered by its application. */
  async loadSaleRoute(): Promise<void> {
    const { plan } = this.#lab;
    const response = await fetch(`http://${plan.network.loadAddress}:${LOAD_CONTROL_PORT}/hosts`, {
      method: "POST",
      headers: { authorization: `Bearer ${plan.credentials.control}`, "content-type": "application/json" },
      body: JSON.stringify(SALE_HOST),
      signal: AbortSignal.timeout(5_000),
    });
    if (!response.ok)
      throw new AppError("LAB_FAULT_FAILED", `the load generator refused the host ${SALE_HOST.host}: ${await response.text()}`);
  }

  /** Deletes the route that nobody needs any more. @throws AppError KUBE_* */
  async retireRoute(): Promise<void> {
    await this.#lab.admin.delete(kinds.ingresses, { name: "retired", namespace: "shop" });
    this.#lab.timeline.add({ event: "route retired.lab deleted", cause: "kubectl delete ingress retired", tone: "plain", policy: null });
  }

  async #remainingPods(): Promise<number | undefined> {
    try {
      return (await this.#lab.admin.listPage(kinds.pods, { namespace: FLOOD_NAMESPACE, limit: 50 })).items.length;
    } catch {
      return undefined; // Asked again: a server that does not answer has not said that there are none.
    }
  }

  async #untilDone(step: () => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await step();
        return;
      } catch (thrown) {
        if (statusOf(thrown)?.httpStatus === 404) return;
        this.#lab.timeline.add({ event: `operators: ${messageOf(thrown)}; again`, cause: null, tone: "plain", policy: null });
        await sleep(this.#clock, 500, signal);
      }
    }
  }

  #open(id: string, label: string): void {
    if (this.isOpen(id)) return;
    this.#faults = [...this.#faults, { id, label, startedAtMs: this.#clock.wallMs(), endedAtMs: undefined }];
  }

  #close(id: string): void {
    for (const fault of this.#faults) if (fault.id === id) fault.endedAtMs ??= this.#clock.wallMs();
  }
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It died by itself since it was seen: what was wanted is so.
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
