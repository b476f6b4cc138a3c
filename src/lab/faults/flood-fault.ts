import { type Clock, messageOf, sleep } from "../../kernel/index.ts";
import { kinds, statusOf } from "../../kube/index.ts";
import type { Lab } from "../lab.ts";
import { FLOOD_NAME, FLOOD_NAMESPACE, applyObject, flood } from "../manifests/index.ts";
import type { FaultLedger } from "./fault-ledger.ts";

/** The runaway CronJob of 2017, and how it was got rid of. */
export class FloodFault {
  readonly #lab: Lab;
  readonly #ledger: FaultLedger;
  readonly #clock: Clock;

  constructor(lab: Lab, ledger: FaultLedger, clock: Clock) {
    this.#lab = lab;
    this.#ledger = ledger;
    this.#clock = clock;
  }

  /** Applies the CronJob of 2017. @throws AppError KUBE_* when the API server does not take it */
  async start(): Promise<void> {
    const { podsPerRun, paddingBytes } = this.#lab.plan.options.flood;
    for (const object of flood(podsPerRun, paddingBytes)) await applyObject(this.#lab.admin, object);
    this.#ledger.open("flood", "break", "flood of pods");
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
  async remove(signal: AbortSignal): Promise<boolean> {
    const api = this.#lab.parts.get("apiserver");
    const { apiServerBigHeapMb } = this.#lab.plan.options;
    this.#lab.parts.growApiServer(apiServerBigHeapMb);
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
    this.#ledger.close("flood");
    this.#lab.timeline.add({ event: "flood removed", cause: "kubectl delete cronjob, jobs, pods", tone: "good", policy: null });
    return true;
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
}
