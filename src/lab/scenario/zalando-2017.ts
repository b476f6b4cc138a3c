import { request } from "node:http";
import { messageOf } from "../../kernel/index.ts";
import type { Faults } from "../faults/faults.ts";
import type { Lab } from "../lab.ts";
import { SALE_HOST } from "../part-configs.ts";
import type { LoadTotals } from "../load/index.ts";
import { type LabResult, type PolicyName, type Run, judge } from "./result.ts";
import type { Stage } from "./stage.ts";

export const SCENARIO = "zalando-2017";

export const PHASES = [
  { id: "baseline", label: "baseline" },
  { id: "flood", label: "flood" },
  { id: "api-down", label: "API server down" },
  { id: "restarts", label: "routers restarted" },
  { id: "removal", label: "flood removed" },
  { id: "converged", label: "converged" },
] as const;

/** Longest waits. A phase that is not over by then ends as it is, and the verdict says what that means. */
const LIMIT_MS = {
  baseline: 15_000,
  change: 15_000,
  firstKill: 60_000,
  secondKill: 8_000,
  restart: 30_000,
  removal: 45_000,
  converged: 40_000,
} as const;

/**
 * The outage of talk.txt: a CronJob without bound floods the cluster with pods that fit on no node, the API server dies
 * of its memory limit, again and again; meanwhile every router loses its control process and is restarted by its kubelet;
 * then the flood is removed, and everything has to come back. All fleets go through it at the same moments.
 */
export async function playZalando2017(lab: Lab, faults: Faults, stage: Stage): Promise<LabResult> {
  const { timeline } = lab;
  const policies = lab.plan.fleets.map((fleet) => fleet.policy);
  const observed = new Observed(lab, policies);

  stage.begin("baseline");
  await lab.startLoad();
  const baselineWasGood = await stage.until(() => policies.every((policy) => goodSeconds(lab, policy) >= 5), LIMIT_MS.baseline);
  if (!baselineWasGood) timeline.add({ event: "the baseline was not good", cause: null, tone: "alarm", policy: null });

  stage.begin("flood");
  await faults.flood.start();
  const changeAccepted = await changeRoute(lab, faults, stage);
  const killed = await stage.until(() => lab.parts.apiServerKills >= 1, LIMIT_MS.firstKill);

  stage.begin("api-down");
  if (killed) await stage.until(() => lab.parts.apiServerKills >= 2, LIMIT_MS.secondKill);
  await stage.pause(3_000);
  for (const policy of policies) faults.kills.killControlProcesses(policy);
  await stage.pause(3_000);

  stage.begin("restarts");
  for (const node of lab.nodes) {
    if (stage.signal.aborted) break;
    await restartRouters(lab, observed, stage, node);
  }
  if (policies.includes("hold"))
    await faults.kills
      .killWorker(lab.nodes[0] ?? "", "hold")
      .catch((thrown: unknown) => timeline.add({ event: messageOf(thrown), cause: null, tone: "plain", policy: "hold" }));
  await stage.pause(2_000);

  stage.begin("removal");
  const removalStartedMs = stage.nowMs;
  const timeLimit = AbortSignal.any([stage.signal, AbortSignal.timeout(LIMIT_MS.removal)]);
  await faults.flood.remove(timeLimit);

  stage.begin("converged");
  const convergedAfter = new Map<PolicyName, number>();
  const isRetired = await stage.until(() => succeeds(() => faults.routes.retire()), LIMIT_MS.change);
  if (!isRetired) timeline.add({ event: "retired.lab could not be deleted", cause: null, tone: "alarm", policy: null });
  await stage.until(async () => {
    for (const policy of policies) {
      if (!convergedAfter.has(policy) && (await isConverged(lab, policy))) {
        convergedAfter.set(policy, (stage.nowMs - removalStartedMs) / 1000);
        timeline.add({ event: "converged: live, nothing held, retired.lab gone", cause: null, tone: "good", policy });
      }
    }
    return convergedAfter.size === policies.length;
  }, LIMIT_MS.converged);
  await stage.pause(2_000);
  const changeKept = changeAccepted && (!policies.includes("hold") || (await statusThroughAlb(lab, "hold", SALE_HOST.host)) === 200);
  const removalDone = !policies.includes("hold") || (await statusThroughAlb(lab, "hold", "retired.lab")) === 404;

  await finishLoad(lab);
  stage.end();
  const runs: Partial<Record<PolicyName, Run>> = {};
  for (const policy of policies) runs[policy] = observed.run(policy, convergedAfter.get(policy) ?? -1, stage.startedAtMs);
  const loadWasSent = baselineWasGood && policies.every((policy) => (runs[policy]?.byStatus["not-sent"] ?? 0) === 0);
  return { scenario: SCENARIO, verdict: judge(runs, { loadWasSent, changeKept, removalDone }), policies: runs };
}

/** A route is made while the API server still answers; says whether every router of ours has taken it. */
async function changeRoute(lab: Lab, faults: Faults, stage: Stage): Promise<boolean> {
  const made = await stage.until(() => succeeds(() => faults.routes.addSale()), LIMIT_MS.change);
  if (!made) return false;
  const policies = lab.plan.fleets.map((fleet) => fleet.policy);
  const served = await stage.until(async () => {
    for (const policy of policies) if ((await statusThroughAlb(lab, policy, SALE_HOST.host)) !== 200) return false;
    return true;
  }, 8_000);
  // Three good answers in a row through a load balancer that takes turns: every router has it.
  if (!served) return false;
  for (let turn = 0; turn < lab.nodes.length * 2; turn++) {
    for (const policy of policies) await stage.until(async () => (await statusThroughAlb(lab, policy, SALE_HOST.host)) === 200, 5_000);
  }
  await faults.routes.loadSale();
  return true;
}

/** A call of an operator's, to be repeated: the API server is busy, or is just coming back. */
async function succeeds(call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call();
    return true;
  } catch {
    return false;
  }
}

/** Both fleets' routers on one node, as a node update would do it: the next node waits until this one is well again. */
async function restartRouters(lab: Lab, observed: Observed, stage: Stage, node: string): Promise<void> {
  const { observatory, timeline } = lab;
  const policies = lab.plan.fleets.map((fleet) => fleet.policy);
  const before = new Map(policies.map((policy) => [policy, observatory.router(node, policy).value?.startedAt]));
  for (const policy of policies) {
    if (await lab.stopRouter(node, policy, "TERM")) observed.countRestart(policy);
  }
  timeline.add({
    event: `routers on ${node} restarted by their kubelet`,
    cause: "drain, then a boot without the API server",
    tone: "warning",
    policy: null,
  });
  const isBack = (policy: PolicyName): boolean => {
    const reading = observatory.router(node, policy);
    const isNew = reading.error === undefined && reading.value !== undefined && reading.value.startedAt !== before.get(policy);
    if (policy === "naive") return isNew;
    const address = observatory.nodeAddress(node);
    const target = observatory
      .alb(policy)
      .value?.targetGroups.flatMap((group) => group.targets)
      .find((candidate) => candidate.id === address);
    return isNew && (reading.value?.ready ?? false) && target?.state === "healthy";
  };
  const back = await stage.until(() => policies.every((policy) => isBack(policy)), LIMIT_MS.restart);
  const router = observatory.router(node, "hold").value;
  if (back && router !== undefined)
    timeline.add({
      event: `router on ${node} serves generation ${router.generation} (${router.source})`,
      cause: "its snapshot",
      tone: "good",
      policy: "hold",
    });
}

async function isConverged(lab: Lab, policy: PolicyName): Promise<boolean> {
  for (const node of lab.nodes) {
    const reading = lab.observatory.router(node, policy);
    const router = reading.value;
    if (reading.error !== undefined || router === undefined || !router.ready || router.source !== "live" || router.held > 0) return false;
  }
  if (goodSeconds(lab, policy) < 2) return false;
  for (let turn = 0; turn < lab.nodes.length; turn++) if ((await statusThroughAlb(lab, policy, "retired.lab")) !== 404) return false;
  return true;
}

/** How many of the newest whole seconds in a row were without failure. */
function goodSeconds(lab: Lab, policy: PolicyName): number {
  let good = 0;
  for (const point of lab.observatory.load.series(policy).toReversed()) {
    if (point.outstanding > 0 || point.sent === 0) continue;
    if (point.failed > 0) break;
    good += 1;
  }
  return good;
}

/** One request through a fleet's load balancer; 0 when there was no answer. */
function statusThroughAlb(lab: Lab, policy: PolicyName, host: string): Promise<number> {
  const [entry] = lab.observatory.entryUrls(policy);
  if (entry === undefined) return Promise.resolve(0);
  const options = {
    path: "/",
    headers: { host, connection: "close" },
    timeout: 3_000,
    agent: false,
  };
  return new Promise((resolve) => {
    const asked = request(entry, options, (response) => {
      response.resume();
      response.once("end", () => resolve(response.statusCode ?? 0));
      response.once("error", () => resolve(0));
    });
    asked.once("timeout", () => asked.destroy());
    asked.once("error", () => resolve(0));
    asked.end();
  });
}

/** Sends nothing more, and waits for what is under way. */
async function finishLoad(lab: Lab): Promise<void> {
  await lab.stopLoad();
  await lab.observatory.readLoadNow();
}

/** Counts over one playing of the scenario. */
class Observed {
  readonly #lab: Lab;
  readonly #restarts = new Map<PolicyName, number>();
  readonly #killsBefore: number;
  readonly #failOpenBefore: ReadonlyMap<PolicyName, number>;

  constructor(lab: Lab, policies: readonly PolicyName[]) {
    this.#lab = lab;
    this.#killsBefore = lab.parts.apiServerKills;
    this.#failOpenBefore = new Map(policies.map((policy) => [policy, lab.observatory.alb(policy).value?.failOpenSeconds ?? 0]));
  }

  countRestart(policy: PolicyName): void {
    this.#restarts.set(policy, (this.#restarts.get(policy) ?? 0) + 1);
  }

  run(policy: PolicyName, convergedAfterSeconds: number, startedAtMs: number): Run {
    const totals: LoadTotals | undefined = this.#lab.observatory.load.totals(policy);
    // What is unanswered at the very end did not come back: it failed.
    const outstanding = totals?.outstanding ?? 0;
    const failOpen = this.#lab.observatory.alb(policy).value?.failOpenSeconds ?? 0;
    return {
      sent: totals?.sent ?? 0,
      right: totals?.right ?? 0,
      failed: (totals?.failed ?? 0) + outstanding,
      lostInFlightAtKill: totals?.lostInFlightAtKill ?? 0,
      byStatus: totals?.byStatus ?? {},
      wrongApplication: totals?.wrongApplication ?? 0,
      outageSeconds: totals?.outageSeconds ?? 0,
      failOpenSeconds: Math.round((failOpen - (this.#failOpenBefore.get(policy) ?? 0)) * 10) / 10,
      apiServerKills: this.#lab.parts.apiServerKills - this.#killsBefore,
      routerRestarts: this.#restarts.get(policy) ?? 0,
      convergedAfterSeconds: Math.round(convergedAfterSeconds * 10) / 10,
      timeline: this.#lab.timeline.entries
        .filter((entry) => entry.atMs >= startedAtMs && (entry.policy === null || entry.policy === policy))
        .map((entry) => ({
          atSeconds: Math.round((entry.atMs - startedAtMs) / 100) / 10,
          event: entry.cause === null ? entry.event : `${entry.event} (${entry.cause})`,
        })),
    };
  }
}
