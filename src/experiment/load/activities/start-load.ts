import { AppError } from "../../../kernel/index.ts";
import { type JsonObject, isList, written } from "../../document/json.ts";
import type { ArgumentProblem } from "../../native/argument-rules.ts";
import type { NativeActivity } from "../../native/native-activity.ts";
import { ActivityFailed } from "../../provider/activity-failed.ts";
import { addressesOf } from "../plan/allowed-targets.ts";
import { PlanProblem } from "../plan/plan-problem.ts";
import { readPlan } from "../plan/read-plan.ts";
import { RunningLoad } from "../process/running-load.ts";
import { loadEvidence } from "./load-evidence.ts";
import { type NamedLoad, loadNamed, loadsOf } from "./loads.ts";

/** A load of an experiment that nobody stops ends by itself. */
const LONGEST = "1h";

const start: NativeActivity = {
  name: "load/start",
  does: "action",
  summary: "sends requests at a rate of their own, in a process of its own, until load/stop, the end of its phases or of the run",
  arguments: {
    name: { type: "string", default: "load", summary: "what other activities and the report call it" },
    group: {
      type: "string",
      choices: ["experiment", "control"],
      default: "experiment",
      summary: "control: load that the fault should not reach",
    },
    url: { type: "string", summary: "where to, as in http://127.0.0.1:8080" },
    urls: { type: "list", summary: "several, taken in turn" },
    hosts: { type: "list", summary: "Host fields, taken in turn" },
    host: { type: "string", summary: "the Host field; that of the URL when left out" },
    method: { type: "string", summary: "GET when left out" },
    path: { type: "string", summary: "path and query; / when left out" },
    headers: { type: "object", summary: "fields and their values" },
    body: { type: "string", summary: "of each request" },
    requests: { type: "list", summary: "several requests with method, path, host, headers, body, weight, expect (docs/reference/load.md)" },
    expect: { type: "object", summary: "what a right answer is: status, headers, bodyContains; 200 when left out" },
    rate: { type: "number", summary: "requests a second" },
    duration: { type: "string", summary: "with rate: how long, as in 60s; until it is stopped when left out" },
    phases: { type: "list", summary: "rate over time instead: 200/60s, 50..500/30s, 100..500+100/10s, 50^500/20s,5s,35s" },
    arrival: {
      type: "string",
      choices: ["constant", "poisson"],
      summary: "evenly spaced (when left out), or at random with the same mean",
    },
    timeout: { type: "string", summary: "from sending a request to its whole answer; 10s when left out" },
    connections: { type: "integer", summary: "how many at once at most; 1000 when left out" },
    resend: { type: "boolean", summary: "send a GET once more when a kept connection dies before any byte of the answer" },
    tls: { type: "object", summary: "insecure: true does not check certificates" },
    allow: { type: "list", summary: "hosts that are not on this machine and may be sent load" },
  },
  check: (given, open = new Set()) => problemsOf(planIn({ ...given, ...standInsFor(open) })),
  async run(given, { evidence, random, clock }) {
    const name = written(given["name"]);
    const loads = loadsOf(evidence);
    if (loads.get(name)?.load.isOver === false)
      throw new ActivityFailed(`load ${JSON.stringify(name)} goes on already: give it another name`);
    const plan = planIn(given);
    const { targets } = readPlan(plan).plan;
    const allowed = isList(given["allow"]) ? given["allow"].map(written) : [];
    const addresses = await addressesOf(targets, allowed);
    const named: NamedLoad = {
      name,
      group: given["group"] === "control" ? "control" : "experiment",
      target: targets.map(({ origin }) => origin).join(", "),
      startedMs: clock.wallMs(),
      load: new RunningLoad({
        plan,
        addresses,
        seed: Math.floor(random.next() * 2 ** 32),
        onNews: () => {
          const news = loadEvidence(named);
          if (news !== undefined) evidence.recordLoad(news);
        },
      }),
    };
    loads.set(name, named);
    await named.load.start();
    if (named.load.problem !== undefined) throw new ActivityFailed(`load ${JSON.stringify(name)}: ${named.load.problem}`);
    return { name, target: named.target };
  },
};

const stop: NativeActivity = {
  name: "load/stop",
  does: "action",
  summary: "ends a load and waits for what is under way",
  arguments: { name: { type: "string", default: "load", summary: "the load" } },
  async run(given, { evidence }) {
    const named = loadNamed(evidence, written(given["name"]));
    await named.load.stop();
    const { problem, totals } = named.load;
    if (problem !== undefined || totals === undefined)
      throw new ActivityFailed(`load ${JSON.stringify(named.name)}: ${problem ?? "nothing was sent"}`);
    return { sent: totals.sent, ok: totals.ok, failed: totals.failed, byFailure: totals.byFailure, outageSeconds: totals.outageSeconds };
  },
};

export const startAndStop: readonly NativeActivity[] = [start, stop];

/** The fields of the plan among the arguments. */
function planIn(given: JsonObject): JsonObject {
  const { group: _group, allow: _allow, ...plan } = given;
  return plan["rate"] !== undefined && plan["duration"] === undefined ? { ...plan, duration: LONGEST } : plan;
}

/** Something in place of what is not there yet, so that the rest can be looked at. */
function standInsFor(open: ReadonlySet<string>): JsonObject {
  const standIns: JsonObject = { url: "http://127.0.0.1", urls: ["http://127.0.0.1"], rate: 1, duration: "1s", phases: ["1/1s"] };
  return Object.fromEntries(Object.entries(standIns).filter(([name]) => open.has(name)));
}

function problemsOf(plan: JsonObject): readonly ArgumentProblem[] {
  try {
    readPlan(plan);
    return [];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const [argument] = error instanceof PlanProblem ? error.path : [];
    return [{ argument: argument === undefined ? "" : String(argument), message: error.message, mend: "see docs/reference/load.md" }];
  }
}
