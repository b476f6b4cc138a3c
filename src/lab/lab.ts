import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError, type Clock, messageOf, sleep, systemRandom } from "../kernel/index.ts";
import { type KubeClient, type KubeObject, type Resource, createKubeClient, kinds } from "../kube/index.ts";
import type { Log } from "../telemetry/index.ts";
import { ensureServingCertificate, kubeconfigFor } from "./apiserver/index.ts";
import { newCredentials } from "./credentials.ts";
import { type Fleet, ROUTER_NAMESPACE, application, readManifest, routerCredentials, routerFleet } from "./manifests/index.ts";
import { type LabNetwork, findFreeBlock } from "./network.ts";
import { Observatory } from "./observe/observatory.ts";
import { LAB_TIME, type LabOptions, checkLabOptions } from "./options.ts";
import {
  LOAD_CONTROL_PORT,
  type LabPlan,
  albConfig,
  apiServerConfig,
  apiServerUrl,
  kubeletConfig,
  loadConfig,
  nodeName,
} from "./part-configs.ts";
import { type MemoryCgroup, makeMemoryCgroup } from "./process/memory-cgroup.ts";
import { type PartEvent, PartProcess } from "./process/part-process.ts";
import { type StateFolder, takeStateFolder } from "./state-folder.ts";
import { Timeline } from "./timeline.ts";

const FLEETS: readonly Fleet[] = [
  { policy: "naive", trafficPort: 9998, adminPort: 9910, workers: 1 },
  { policy: "hold", trafficPort: 9999, adminPort: 9911, workers: 2 },
];

const APPLICATIONS = ["storefront", "cart", "search"];

/** How long a part may take to say that it serves, on a machine that is busy starting all of them. */
const START_TIMEOUT_MS = 180_000;

export interface LabDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** What a person who waits for the lab reads, a line at a time. */
  readonly say: (line: string) => void;
}

/**
 * A cluster on this machine: API server, scheduler, controllers, a kubelet for each node, a router fleet for each policy
 * behind a load balancer of its own, applications, and load. Every part is a process that can be killed.
 */
export class Lab {
  readonly plan: LabPlan;
  readonly timeline: Timeline;
  readonly admin: KubeClient;
  readonly observatory: Observatory;
  readonly #deps: LabDeps;
  readonly #parts = new Map<string, PartProcess>();
  readonly #memory: MemoryCgroup | undefined;
  #apiServerKills = 0;
  #apiServerLastExit: string | null = null;

  private constructor(plan: LabPlan, deps: LabDeps) {
    this.plan = plan;
    this.#deps = deps;
    this.timeline = new Timeline(deps.clock);
    const credentials = { type: "token", token: plan.credentials.admin } as const;
    this.admin = createKubeClient(
      {
        cluster: { server: apiServerUrl(plan), credentials, namespace: "default" },
        userAgent: "holdfast-lab",
        timeoutMs: 8_000,
        connectTimeoutMs: 1_000,
      },
      { clock: deps.clock, random: systemRandom },
    );
    this.#memory = makeMemoryCgroup(`holdfast-lab-${plan.network.block}`, cgroupLimitBytes(plan.options.apiServerHeapMb));
    for (const [name, options] of this.#describeParts()) {
      this.#parts.set(
        name,
        new PartProcess(
          {
            name,
            argv: this.argvOf(name, name === "apiserver" ? plan.options.apiServerHeapMb : 0),
            configFile: plan.folder.configFile(name),
            config: options.config,
            logFile: plan.folder.logFile(name),
            niceness: options.niceness,
            backoffMs: options.backoffMs,
            stopTimeoutMs: 20_000,
            ...(name === "apiserver" ? { onSpawn: (pid: number) => this.#memory?.take(pid) } : {}),
          },
          { clock: deps.clock, log: deps.log, report: (event) => this.#onPart(event) },
        ),
      );
    }
    this.observatory = new Observatory(this, deps.clock);
  }

  /** Takes the folder and a block of addresses; starts nothing yet. @throws AppError LAB_* */
  static async prepare(options: LabOptions, deps: LabDeps): Promise<Lab> {
    checkLabOptions(options);
    const folder: StateFolder = takeStateFolder(options.stateDir);
    try {
      const network: LabNetwork = await findFreeBlock(systemRandom);
      const fleets = FLEETS.filter((fleet) => options.policies.includes(fleet.policy));
      const certificate = await ensureServingCertificate(join(folder.root, "api"), [network.apiServer, "localhost"], deps.clock.wallMs());
      return new Lab({ options, network, folder, credentials: newCredentials(), certificate, fleets }, deps);
    } catch (thrown) {
      folder.release();
      throw thrown;
    }
  }

  /** The API server's deaths by its memory limit. */
  get apiServerKills(): number {
    return this.#apiServerKills;
  }

  /** What ended it last; null while it never died. */
  get apiServerLastExit(): string | null {
    return this.#apiServerLastExit;
  }

  get nodes(): readonly string[] {
    return Array.from({ length: this.plan.options.nodes }, (_, at) => nodeName(at + 1));
  }

  get applications(): readonly string[] {
    return APPLICATIONS;
  }

  part(name: string): PartProcess {
    const part = this.#parts.get(name);
    if (part === undefined)
      throw new AppError("LAB_NO_SUCH_PART", `the lab has no part ${name}; it has ${[...this.#parts.keys()].join(", ")}`);
    return part;
  }

  /** Node's arguments for a part (`kubelet-node-1` is a `kubelet`); `heapMb` 0 leaves V8's limit alone. */
  argvOf(name: string, heapMb: number): readonly string[] {
    const program = name.split("-", 1).join("");
    // The young generation counts, too; left alone it would be larger than the limit.
    const limits = heapMb > 0 ? [`--max-old-space-size=${heapMb}`, "--max-semi-space-size=8"] : [];
    return [...limits, this.plan.options.partEntry, program];
  }

  /** A machine with more memory for the API server, from its next start on. */
  growApiServer(heapMb: number): void {
    this.part("apiserver").setArgv(this.argvOf("apiserver", heapMb));
    this.#memory?.setLimit(cgroupLimitBytes(heapMb));
  }

  /** Starts everything but the load, and waits until it serves. @throws AppError LAB_PART_FAILED, LAB_NOT_READY */
  async start(signal: AbortSignal): Promise<void> {
    const { say } = this.#deps;
    const { folder, credentials, fleets } = this.plan;
    writeFileSync(folder.kubeconfig, this.#kubeconfig("admin", credentials.admin), { mode: 0o600 });
    say(`starting a cluster of ${this.plan.options.nodes} nodes on 127.${this.plan.network.block}.0.0/16`);
    const others = [...this.#parts.values()].filter((part) => part.name !== "load" && part.name !== "apiserver");
    await this.part("apiserver").start(START_TIMEOUT_MS);
    // The kubelets boot while the objects are made.
    const started = Promise.all(others.map((part) => part.start(START_TIMEOUT_MS)));
    started.catch(() => {});
    await this.#makeObjects(fleets);
    await started;
    say(`kubectl --kubeconfig ${folder.kubeconfig} get pods -A`);
    this.observatory.start();
    await this.#waitUntilServing(signal);
  }

  /** Sends requests to every fleet from now on. */
  startLoad(): Promise<void> {
    return this.part("load").start(START_TIMEOUT_MS);
  }

  /** Sends nothing more, and resolves when what was under way is answered or has timed out. */
  async stopLoad(): Promise<void> {
    const { plan } = this;
    await fetch(`http://${plan.network.loadAddress}:${LOAD_CONTROL_PORT}/stop`, {
      method: "POST",
      headers: { authorization: `Bearer ${plan.credentials.control}` },
      signal: AbortSignal.timeout(30_000),
    });
  }

  /** Sends again, after `stopLoad`, with new accounts. */
  async restartLoad(): Promise<void> {
    await this.part("load").stop();
    await this.part("load").start(START_TIMEOUT_MS);
  }

  /** Ends every process, what asks first and what serves last, and gives the folder back. */
  async stop(): Promise<void> {
    this.observatory.stop();
    await this.#parts.get("load")?.stop();
    const rest = [...this.#parts.values()].filter((part) => part.name !== "load");
    await Promise.all(rest.map((part) => part.stop()));
    await this.admin.close();
    this.#memory?.remove();
    this.plan.folder.release();
  }

  /** Makes an object, or gives it the wanted content if it is there. */
  async apply(object: KubeObject): Promise<void> {
    await this.admin.patch(resourceOf(object), refOf(object), { type: "apply", body: object, force: true }, { fieldManager: "lab" });
  }

  *#describeParts(): Generator<
    readonly [string, { readonly config: unknown; readonly niceness: number; readonly backoffMs: { first: number; longest: number } }]
  > {
    const { plan } = this;
    // The control plane has a machine of its own in a real cluster: here it yields the processor to the nodes.
    const controlPlane = { niceness: 5, backoffMs: { first: 2_000, longest: 10_000 } };
    const node = { niceness: 0, backoffMs: { first: 500, longest: 4_000 } };
    yield ["apiserver", { config: apiServerConfig(plan), ...controlPlane }];
    const api = { server: apiServerUrl(plan) };
    yield ["scheduler", { config: { api: { ...api, token: plan.credentials.scheduler } }, ...controlPlane }];
    const controllers = {
      api: { ...api, token: plan.credentials.controllers },
      minuteMs: LAB_TIME.cronMinuteMs,
      nodeGracePeriodMs: LAB_TIME.nodeGraceMs,
      nodeMonitorPeriodMs: 1_000,
      evictionMs: LAB_TIME.evictionMs,
    };
    yield ["controllers", { config: controllers, ...controlPlane }];
    for (let at = 1; at <= plan.options.nodes; at++) yield [`kubelet-${nodeName(at)}`, { config: kubeletConfig(plan, at), ...node }];
    for (const [at, fleet] of plan.fleets.entries()) yield [`alb-${fleet.policy}`, { config: albConfig(plan, fleet, at), ...node }];
    yield ["load", { config: loadConfig(plan), ...node }];
  }

  async #makeObjects(fleets: readonly Fleet[]): Promise<void> {
    const [definition] = readManifest("../../../deploy/crds/routegroups.zalando.org.yaml");
    if (definition !== undefined) await this.apply(definition);
    await this.#untilEstablished();
    for (const object of readManifest("applications.yaml")) await this.apply(object);
    await this.apply(routerCredentials(this.#kubeconfig("router", this.plan.credentials.router)));
    for (const fleet of fleets) await this.apply(routerFleet(fleet, LAB_TIME.drainDelaySeconds));
    await this.#untilNodesReady();
    for (const name of APPLICATIONS) for (const object of application(name, "shop", this.plan.options.nodes)) await this.apply(object);
  }

  /** Over TLS: kubectl sends a token to no other server. */
  #kubeconfig(user: string, token: string): string {
    return kubeconfigFor({
      server: apiServerUrl(this.plan).replace("http:", "https:"),
      certificateAuthority: this.plan.certificate.certificate,
      token,
      user,
    });
  }

  /** Else the first node that is ready gets all the pods. */
  async #untilNodesReady(): Promise<void> {
    const deadlineMs = this.#deps.clock.monoMs() + START_TIMEOUT_MS;
    const isReady = (
      node: KubeObject & { readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] } },
    ): boolean => node.status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True") ?? false;
    for (;;) {
      const { items } = await this.admin.list(kinds.nodes);
      if (items.filter(isReady).length >= this.plan.options.nodes) return;
      if (this.#deps.clock.monoMs() > deadlineMs)
        throw new AppError(
          "LAB_NOT_READY",
          `not every node became ready in ${START_TIMEOUT_MS / 1000} s; see the logs in ${this.plan.folder.root}/logs`,
        );
      await sleep(this.#deps.clock, 100);
    }
  }

  /** The kinds of a definition are served a moment after it is made. */
  async #untilEstablished(): Promise<void> {
    const deadlineMs = this.#deps.clock.monoMs() + 10_000;
    for (;;) {
      try {
        await this.admin.list(kinds.routeGroups);
        return;
      } catch (thrown) {
        if (this.#deps.clock.monoMs() > deadlineMs) throw thrown;
        await sleep(this.#deps.clock, 50);
      }
    }
  }

  async #waitUntilServing(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    const deadlineMs = clock.monoMs() + START_TIMEOUT_MS;
    for (;;) {
      const missing = this.observatory.missing();
      if (missing.length === 0) return;
      if (signal.aborted) throw new AppError("LAB_STOPPED", "stopped while starting");
      if (clock.monoMs() > deadlineMs) {
        throw new AppError(
          "LAB_NOT_READY",
          `the lab did not come up in ${START_TIMEOUT_MS / 1000} s, still missing: ${missing.join(", ")}; see the logs in ${this.plan.folder.root}/logs`,
        );
      }
      await sleep(clock, 100, signal);
    }
  }

  #onPart(event: PartEvent): void {
    if (event.type === "exited") {
      if (event.part === "apiserver" && !event.asked) {
        this.#apiServerKills += 1;
        this.#apiServerLastExit = event.reason;
        this.timeline.add({ event: `API server killed (${event.reason})`, cause: null, tone: "alarm", policy: null });
      } else if (!event.asked) {
        this.timeline.add({ event: `${event.part} died (${event.reason})`, cause: null, tone: "warning", policy: null });
      }
    } else if (event.part === "apiserver" && event.starts > 1) {
      this.timeline.add({ event: "API server is back", cause: null, tone: "plain", policy: null });
    }
  }

  /** Asks a kubelet to stop one router's container, as `crictl stop` does: it needs no API server. Says whether it did. */
  async stopRouter(node: string, policy: string, signal: "TERM" | "KILL"): Promise<boolean> {
    const pod = this.observatory.routerPod(node, policy);
    if (pod === undefined) return false;
    const url = `${this.observatory.kubeletUrl(node)}/containers/${ROUTER_NAMESPACE}/${pod}/router/stop?signal=${signal}&grace=60`;
    try {
      const response = await fetch(url, { method: "POST", signal: AbortSignal.timeout(5_000) });
      return response.ok;
    } catch (thrown) {
      this.#deps.log.warn({ node, policy, error: messageOf(thrown) }, "kubelet did not stop the router");
      return false;
    }
  }
}

/** What the kernel allows a process whose heap may be so large: buffers and V8's own memory come on top of the heap. */
function cgroupLimitBytes(heapMb: number): number {
  return (heapMb * 2 + 192) * 1024 * 1024;
}

/** The resource that an object belongs to, of those the lab makes. */
export function resourceOf(object: KubeObject): Resource {
  const found = Object.values(kinds).find(
    (kind) => kind.kind === object.kind && object.apiVersion === (kind.group === "" ? kind.version : `${kind.group}/${kind.version}`),
  );
  if (found === undefined) throw new AppError("LAB_UNKNOWN_KIND", `the lab does not know ${object.apiVersion} ${object.kind}`);
  return found;
}

/** Name and namespace of an object. */
export function refOf(object: KubeObject): { name: string; namespace?: string } {
  const { name, namespace } = object.metadata;
  return namespace === undefined ? { name } : { name, namespace };
}
