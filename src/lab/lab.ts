import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError, type Clock, messageOf, sleep, systemRandom } from "../kernel/index.ts";
import { type KubeClient, createKubeClient } from "../kube/index.ts";
import type { Log } from "../telemetry/index.ts";
import { ensureServingCertificate } from "./apiserver/index.ts";
import { killContainers } from "./kubelet/index.ts";
import { newCredentials } from "./credentials.ts";
import { APPLICATIONS, makeFirstObjects } from "./first-objects.ts";
import { LabParts } from "./lab-parts.ts";
import { type Fleet, ROUTER_NAMESPACE } from "./manifests/index.ts";
import { awsEnvironment } from "./machines/account.ts";
import { readInstances } from "./machines/machine-room.ts";
import { importCertificate } from "./machines/certificate.ts";
import { type LabNode, Machines, type NodeHands } from "./machines/machines.ts";
import { LOAD_CONTROL_PORT, type LabNetwork, findFreeBlock } from "./network.ts";
import { Observatory } from "./observe/observatory.ts";
import { type LabOptions, START_TIMEOUT_MS, checkLabOptions } from "./options.ts";
import { type LabPlan, apiServerUrl, kubeconfigText, kubeletConfig, loadConfig } from "./part-configs.ts";
import { type StateFolder, takeStateFolder } from "./state-folder.ts";
import { Timeline } from "./timeline.ts";

const FLEETS: readonly Fleet[] = [
  { policy: "naive", trafficPort: 9998, adminPort: 9910, workers: 1 },
  { policy: "hold", trafficPort: 9999, adminPort: 9911, workers: 2 },
];

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
  readonly parts: LabParts;
  readonly admin: KubeClient;
  readonly observatory: Observatory;
  readonly machines: Machines;
  readonly #deps: LabDeps;

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
    this.parts = new LabParts(plan, { clock: deps.clock, log: deps.log, timeline: this.timeline });
    this.observatory = new Observatory(this, deps.clock);
    this.machines = new Machines(() => readInstances(plan), this.#hands(), { clock: deps.clock, log: deps.log, timeline: this.timeline });
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

  /** Names of the nodes that are there now, in the order of their numbers. */
  get nodes(): readonly string[] {
    return this.machines.nodes.map(({ name }) => name);
  }

  get applications(): readonly string[] {
    return APPLICATIONS;
  }

  /** Starts everything but the load, and waits until it serves. @throws AppError LAB_PART_FAILED, LAB_NOT_READY */
  async start(signal: AbortSignal): Promise<void> {
    const { say } = this.#deps;
    const { folder, credentials } = this.plan;
    writeFileSync(folder.kubeconfig, kubeconfigText(this.plan, "admin", credentials.admin), { mode: 0o600 });
    writeFileSync(folder.awsEnvironment, awsEnvironment(this.plan), { mode: 0o600 });
    say(`starting a cluster of ${this.plan.options.nodes} nodes on 127.${this.plan.network.block}.0.0/16`);
    await this.parts.startFirst();
    // The machines boot while the objects are made.
    this.machines.start();
    const certified = importCertificate(this.plan, this.#deps.clock.wallMs());
    certified.catch(() => {});
    const started = this.parts.startOthers();
    started.catch(() => {});
    await makeFirstObjects(this.plan, this.admin, this.#deps.clock);
    await Promise.all([started, certified]);
    say(`kubectl --kubeconfig ${folder.kubeconfig} get pods -A`);
    say(`. ${folder.awsEnvironment} && aws ec2 describe-instances`);
    this.observatory.start();
    await this.#waitUntilServing(signal);
  }

  /** Sends requests to every fleet from now on. */
  async startLoad(): Promise<void> {
    const config = loadConfig(this.plan, ({ policy }) => this.observatory.entryUrls(policy));
    await this.parts.add({ name: "load", config, place: "beside" }).start(START_TIMEOUT_MS);
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
    await this.parts.get("load").stop();
    await this.startLoad();
  }

  /** Ends every process and gives the folder back. */
  async stop(): Promise<void> {
    this.observatory.stop();
    await this.machines.stop();
    await this.parts.stop();
    await this.admin.close();
    this.plan.folder.release();
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

  #hands(): NodeHands {
    const { plan, parts, observatory } = this;
    const { clock } = this.#deps;
    const partOf = ({ name }: LabNode): string => `kubelet-${name}`;
    return {
      add: (node) => {
        parts.add({ name: partOf(node), config: kubeletConfig(plan, node), place: "beside" });
        observatory.addNode(node);
      },
      boot: (node) => parts.get(partOf(node)).start(START_TIMEOUT_MS),
      cutPower: async (node) => {
        await parts.get(partOf(node)).stop("SIGKILL");
        await killContainers(plan.folder.nodeFolder(node.name), clock);
      },
      remove: (node) => {
        observatory.removeNode(node);
        parts.remove(partOf(node));
        rmSync(plan.folder.nodeFolder(node.name), { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
      },
    };
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
          `the lab did not come up in ${START_TIMEOUT_MS / 1000} s, still missing: ${missing.join(", ")}; see the logs in ${this.plan.folder.root}/logs and, of pods, below ${this.plan.folder.root}/nodes`,
        );
      }
      await sleep(clock, 100, signal);
    }
  }
}
