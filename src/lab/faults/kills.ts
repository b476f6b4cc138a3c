import { AppError, type Clock, sleep } from "../../kernel/index.ts";
import type { Lab } from "../lab.ts";
import { LOAD_CONTROL_PORT } from "../network.ts";
import type { PolicyName } from "../scenario/result.ts";
import type { FaultLedger } from "./fault-ledger.ts";

/** What can be killed, and started again: the API server, routers and their processes, whole nodes. */
export class Kills {
  readonly #lab: Lab;
  readonly #ledger: FaultLedger;
  readonly #clock: Clock;

  constructor(lab: Lab, ledger: FaultLedger, clock: Clock) {
    this.#lab = lab;
    this.#ledger = ledger;
    this.#clock = clock;
    // One whose instance is terminated meanwhile cannot be put back.
    lab.machines.onGone(({ name }) => ledger.close(`node/${name}`));
  }

  /** Kills the API server and keeps it down. */
  async stopApiServer(): Promise<string> {
    await this.#lab.parts.get("apiserver").stop("SIGKILL");
    this.#ledger.open("api-server", "break", "API server down");
    this.#lab.timeline.add({ event: "API server killed", cause: "by hand", tone: "alarm", policy: null });
    return "Killed the API server; it stays down until it is put back.";
  }

  async startApiServer(): Promise<string> {
    await this.#lab.parts.get("apiserver").start(30_000);
    this.#ledger.close("api-server");
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
    const target = `${this.#lab.observatory.nodeAddress(node)}:${fleet.trafficPort}`;
    const atMs = this.#clock.wallMs();
    killProcess(pid);
    while (isAlive(pid)) await sleep(this.#clock, 2);
    const untilMs = this.#clock.wallMs();
    const { plan } = this.#lab;
    const headers = { authorization: `Bearer ${plan.credentials.control}`, "content-type": "application/json" };
    const inFlightUrl = `${this.#lab.observatory.loadBalancerUrl(fleet)}/in-flight?target=${encodeURIComponent(target)}&fromMs=${Math.floor(atMs)}&untilMs=${Math.ceil(untilMs)}`;
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
      event: `worker on ${node} killed with ${answer.inFlight} ${answer.inFlight === 1 ? "request" : "requests"} in flight`,
      cause: "kill -9",
      tone: "warning",
      policy,
    });
    return `Killed one worker (pid ${pid}) of router-${policy} on ${node}.`;
  }

  /** Cuts a node's power: kubelet and everything it runs. */
  async killNode(node: string): Promise<string> {
    await this.#lab.machines.setPower(node, false);
    this.#ledger.open(`node/${node}`, "break", `${node} down`);
    this.#lab.timeline.add({ event: `${node} lost its power`, cause: "by hand", tone: "alarm", policy: null });
    return `Cut the power of ${node}: its kubelet, routers and pods are gone until it is put back.`;
  }

  async startNode(node: string): Promise<string> {
    this.#ledger.close(`node/${node}`);
    await this.#lab.machines.setPower(node, true);
    this.#lab.timeline.add({ event: `${node} has power again`, cause: "by hand", tone: "plain", policy: null });
    return `${node} starts again.`;
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
