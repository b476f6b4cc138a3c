import { rmSync } from "node:fs";
import { join } from "node:path";
import { AppError, type Clock, type Random, messageOf } from "../../kernel/index.ts";
import type { Log } from "../../telemetry/index.ts";
import { keyOf } from "../machinery/index.ts";
import type { Container, Pod, PodStatus } from "../objects/index.ts";
import type { AddressPool } from "./address-pool.ts";
import type { KubeletSettings } from "./config.ts";
import type { ConfigObjects } from "./config-objects.ts";
import { type ContainerRecord, latestTermination } from "./container-record.ts";
import { ContainerRunner, type RunPlan } from "./container-runner.ts";
import { type RunPlace, planRun, planWithoutSources } from "./plan-run.ts";
import { type PodCheckpoint, readCheckpoint, writeCheckpoint } from "./pod-checkpoint.ts";
import { computePodStatus, isInitialized } from "./pod-status.ts";
import { decideRestart } from "./restart-decision.ts";
import { SyncLoop } from "./sync-loop.ts";

export interface PodWorkerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly settings: KubeletSettings;
  readonly addresses: AddressPool;
  readonly configObjects: ConfigObjects;
  /** The pod's status has changed. */
  statusChanged(worker: PodWorker): void;
  /** All containers of a pod that goes have ended, and their last status is set. */
  stopped(worker: PodWorker): void;
  event(pod: Pod, type: "Normal" | "Warning", reason: string, message: string): void;
}

const VOLUME_RETRY_MS = 2000;

/**
 * One pod on this node: level-based, it looks at what the pod should be and what its containers are, and does what is
 * missing. Needs no API server for that; everything it stands on is on disk.
 */
export class PodWorker {
  readonly uid: string;
  readonly dir: string;
  #pod: Pod;
  #podIP: string | undefined;
  #status: PodStatus | undefined;
  #failure: { readonly reason: string; readonly message: string } | undefined;
  readonly #startedAtMs: number;
  readonly #deps: PodWorkerDeps;
  readonly #runners = new Map<string, ContainerRunner>();
  #goneReason: string | undefined;
  #graceMs = Number.POSITIVE_INFINITY;
  #stopped = false;
  readonly #loop: SyncLoop;

  constructor(pod: Pod, dir: string, deps: PodWorkerDeps, checkpoint?: PodCheckpoint) {
    this.#pod = pod;
    this.uid = pod.metadata.uid ?? "";
    this.dir = dir;
    this.#deps = deps;
    this.#loop = new SyncLoop(deps.clock, () => this.#look());
    this.#startedAtMs = checkpoint?.startedAtMs ?? deps.clock.wallMs();
    this.#status = checkpoint?.status;
    const wanted = checkpoint?.podIP;
    if (pod.spec.hostNetwork === true) this.#podIP = deps.settings.address;
    else if (wanted !== undefined && deps.addresses.claim(wanted)) this.#podIP = wanted;
    for (const container of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
      const options = { dir: join(dir, "containers", container.name), podUid: this.uid, logMaxBytes: deps.settings.containerLogMaxBytes };
      const runner = new ContainerRunner(container, options, {
        clock: deps.clock,
        random: deps.random,
        changed: () => this.kick(),
        event: (type, reason, message) => deps.event(this.#pod, type, reason, message),
      });
      this.#runners.set(container.name, runner);
    }
  }

  /** A pod that an earlier kubelet left in `dir`, its containers found again; undefined when nothing whole is there. */
  static restore(dir: string, deps: PodWorkerDeps): PodWorker | undefined {
    const checkpoint = readCheckpoint(dir);
    if (checkpoint === undefined) return undefined;
    const worker = new PodWorker(checkpoint.pod, dir, deps, checkpoint);
    for (const runner of worker.#runners.values()) runner.resume(() => worker.#planOf(runner.container));
    return worker;
  }

  get pod(): Pod {
    return this.#pod;
  }

  get status(): PodStatus | undefined {
    return this.#status;
  }

  /** Undefined: it is to run. Otherwise why it goes. */
  get goneReason(): string | undefined {
    return this.#goneReason;
  }

  get isStopped(): boolean {
    return this.#stopped;
  }

  runner(container: string): ContainerRunner | undefined {
    return this.#runners.get(container);
  }

  /** The object as the API server has it now. */
  update(pod: Pod): void {
    this.#pod = pod;
    if (pod.metadata.deletionTimestamp !== undefined) {
      this.#goneReason ??= "deleted";
      this.#graceMs = Math.min(
        this.#graceMs,
        (pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30) * 1000,
      );
    }
    this.#checkpoint();
    this.kick();
  }

  /** Ends the pod here: it is gone from the API, or the kubelet stops. The later and shorter of several graces counts. */
  end(reason: string, graceMs?: number): void {
    this.#goneReason ??= reason;
    this.#graceMs = Math.min(this.#graceMs, graceMs ?? (this.#pod.spec.terminationGracePeriodSeconds ?? 30) * 1000);
    this.kick();
  }

  /** Looks again soon. */
  kick(): void {
    this.#loop.kick();
  }

  /** Leaves the containers running and looks no more, as a kubelet that is killed does. */
  async abandon(): Promise<void> {
    await this.#loop.end();
    for (const runner of this.#runners.values()) runner.abandon();
  }

  /** Removes what is on disk and gives the address back. Only once stopped. */
  remove(): void {
    void this.#loop.end();
    if (this.#pod.spec.hostNetwork !== true && this.#podIP !== undefined) this.#deps.addresses.release(this.#podIP);
    rmSync(this.dir, { recursive: true, force: true });
  }

  async #look(): Promise<void> {
    try {
      await this.#sync();
      this.#publish();
    } catch (error) {
      this.#deps.log.error({ pod: keyOf(this.#pod), error: messageOf(error) }, "pod sync failed, will try again");
      this.#loop.kickAfter(VOLUME_RETRY_MS);
    }
  }

  async #sync(): Promise<void> {
    if (this.#stopped) return;
    if (this.#goneReason !== undefined) return this.#stopAll();
    if (this.#status?.phase === "Succeeded" || this.#status?.phase === "Failed") return;
    if (this.#podIP === undefined) {
      this.#podIP = this.#deps.addresses.allocate();
      this.#checkpoint();
    }
    if ([...this.#runners.values()].some((runner) => !runner.isRunning)) await this.#deps.configObjects.ensure(this.#pod);
    if (this.#pastDeadline()) {
      for (const runner of this.#runners.values()) runner.stop((this.#pod.spec.terminationGracePeriodSeconds ?? 30) * 1000);
      return;
    }
    for (const container of this.#pod.spec.initContainers ?? []) {
      const runner = this.#runners.get(container.name);
      if (runner === undefined || (await this.#advance(runner, true)) !== "done") return;
    }
    await Promise.all(this.#pod.spec.containers.map(({ name }) => this.#runMain(name)));
  }

  async #runMain(name: string): Promise<void> {
    const runner = this.#runners.get(name);
    if (runner === undefined) return;
    const { state } = runner.record;
    if (runner.isRunning && state.type === "running" && !state.verdict.healthy) {
      const grace = this.#pod.spec.terminationGracePeriodSeconds ?? 30;
      runner.stop((runner.container.livenessProbe?.terminationGracePeriodSeconds ?? grace) * 1000, {
        reason: `Container ${name} failed liveness probe, will be restarted`,
      });
    }
    await this.#advance(runner, false);
  }

  /** Starts the container if it is due. `done`: it has ended for good and well. */
  async #advance(runner: ContainerRunner, isInit: boolean): Promise<"done" | "pending"> {
    if (runner.isRunning) return "pending";
    const end = latestTermination(runner.record);
    if (end === undefined) {
      if (runner.record.state.type === "waiting" && runner.record.state.reason !== "ContainerCreating" && this.#loop.isWaiting)
        return "pending";
      await runner.start(() => this.#plan(runner.container));
      if (!runner.isRunning) this.#loop.kickAfter(VOLUME_RETRY_MS);
      return "pending";
    }
    // An init container of a pod with policy Always is restarted on failure only.
    const policy = isInit && this.#pod.spec.restartPolicy !== "Never" ? "OnFailure" : this.#pod.spec.restartPolicy;
    const next = decideRestart(policy, runner.record, end, this.#deps.settings, this.#deps.clock.wallMs());
    if (next.type === "stays ended") return next.isWell ? "done" : "pending";
    if (next.type === "waits") {
      this.#waitForRestart(runner, next);
      return "pending";
    }
    await runner.start(() => this.#plan(runner.container), next.delayMs);
    if (!runner.isRunning) this.#loop.kickAfter(VOLUME_RETRY_MS);
    return "pending";
  }

  #waitForRestart(runner: ContainerRunner, { leftMs, delayMs }: { readonly leftMs: number; readonly delayMs: number }): void {
    const { name } = runner.container;
    const pod = keyOf(this.#pod);
    runner.wait("CrashLoopBackOff", `back-off ${Math.ceil(delayMs / 1000)}s restarting failed container=${name} pod=${pod}`);
    this.#deps.event(this.#pod, "Warning", "BackOff", `Back-off restarting failed container ${name} in pod ${pod}`);
    this.#loop.kickAfter(leftMs);
  }

  async #stopAll(): Promise<void> {
    const runners = [...this.#runners.values()];
    for (const runner of runners) runner.stop(this.#graceMs);
    // Kicked again by each end and by a shorter grace: nothing is awaited here, so that the latter is heard.
    if (runners.some((runner) => runner.isRunning)) return;
    this.#stopped = true;
    this.#publish();
    this.#deps.stopped(this);
  }

  /** Of a container that runs already: what it was made from may be gone meanwhile, and it runs all the same. */
  #planOf(container: Container): RunPlan {
    try {
      return this.#plan(container);
    } catch (error) {
      this.#deps.log.warn(
        { pod: keyOf(this.#pod), container: container.name, error: messageOf(error) },
        "found running; could not be made again now",
      );
      return planWithoutSources(this.#place, container);
    }
  }

  #plan(container: Container): RunPlan {
    return planRun(this.#place, container, this.#deps);
  }

  get #place(): RunPlace {
    return { pod: this.#pod, dir: this.dir, podIP: this.#podIP ?? "" };
  }

  #pastDeadline(): boolean {
    const limit = this.#pod.spec.activeDeadlineSeconds;
    if (limit === undefined) return false;
    const leftMs = this.#startedAtMs + limit * 1000 - this.#deps.clock.wallMs();
    if (leftMs > 0) this.#loop.kickAfter(leftMs);
    else this.#failure ??= { reason: "DeadlineExceeded", message: "Pod was active on the node longer than the specified deadline" };
    return leftMs <= 0;
  }

  #publish(): void {
    const records = new Map<string, ContainerRecord>([...this.#runners].map(([name, runner]) => [name, runner.record]));
    if (!isInitialized(this.#pod, records)) {
      const initializing = this.#pod.spec.containers
        .map(({ name }) => records.get(name))
        .filter((record) => record?.state.type === "waiting");
      if (initializing.length > 0 && this.#goneReason === undefined)
        for (const { name } of this.#pod.spec.containers) this.#runners.get(name)?.wait("PodInitializing");
    }
    const status = computePodStatus({
      pod: this.#pod,
      records,
      hostIP: this.#deps.settings.address,
      podIP: this.#podIP,
      startedAtMs: this.#startedAtMs,
      previous: this.#status,
      nowMs: this.#deps.clock.wallMs(),
      failure: this.#failure,
    });
    if (JSON.stringify(status) === JSON.stringify(this.#status)) return;
    this.#status = status;
    this.#checkpoint();
    this.#deps.statusChanged(this);
  }

  #checkpoint(): void {
    try {
      writeCheckpoint(this.dir, { pod: this.#pod, startedAtMs: this.#startedAtMs, podIP: this.#podIP, status: this.#status });
    } catch (error) {
      this.#deps.log.error({ pod: keyOf(this.#pod), error: messageOf(error) }, "cannot write the pod's checkpoint");
      if (error instanceof AppError) throw error;
    }
  }
}
