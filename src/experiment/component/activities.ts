import { type ProcessIdentity, childrenOf } from "../../kernel/index.ts";
import type { Json, JsonObject } from "../document/json.ts";
import type { ArgumentRules } from "../native/argument-rules.ts";
import type { NativeActivity, NativeCall } from "../native/native-activity.ts";
import { type SignalName, prepareSignal } from "../process/signal.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import type { LabHandle } from "../target/target.ts";
import { type LabComponent, changeComponent, choose, componentsOf, labOf } from "./lab-component.ts";
import { prepareStop, stopLabel } from "./stop.ts";

const which: ArgumentRules = {
  name: {
    type: "string",
    required: true,
    summary: "the component of the lab, as in apiserver, kubelet/node-1, router/*/hold: * is anything but a slash, ** anything",
  },
  node: { type: "string", summary: "only those on this node" },
  zone: { type: "string", summary: "only those in this zone" },
};
const howMany: ArgumentRules = {
  ...which,
  count: { type: "integer", least: 1, most: 100, default: 1, summary: "how many of those that fit, drawn by the run's seed" },
  all: { type: "boolean", default: false, summary: "all that fit, instead of count" },
};
const seconds: ArgumentRules = {
  seconds: {
    type: "number",
    least: 0.1,
    most: 86_400,
    summary: "after how many seconds it is put back; at the end of the run when left out",
  },
};
const kill: ArgumentRules = { kill: { type: "boolean", default: false, summary: "by SIGKILL instead of SIGTERM (kubelets always are)" } };

const stop: NativeActivity = {
  name: "component/stop",
  does: "action",
  summary: "ends components of the lab; parts stay down until they are put back, containers are started again by their kubelet",
  arguments: { ...howMany, ...kill, ...seconds },
  async run(given, call) {
    const { lab, victims } = await chosen(given, call);
    const faults = victims.map((victim) => prepareStop(lab, victim, given["kill"] === true));
    for (const fault of faults) await call.faults.inject(fault, fault.undo === null ? {} : forSeconds(given));
    return victims.map(({ name }) => name);
  },
};

const start: NativeActivity = {
  name: "component/start",
  does: "action",
  summary: "starts parts of the lab that are stopped, before the end of the run puts them back",
  arguments: which,
  async run(given, call) {
    const { lab, victims } = await chosen(given, call);
    for (const { name } of victims) {
      const open = call.faults.open().find(({ label }) => label === stopLabel(name));
      if (open === undefined) await changeComponent(lab, { name, verb: "start" }, call.signal);
      else await call.faults.revert(open.id);
    }
    return victims.map(({ name }) => name);
  },
};

const restart: NativeActivity = {
  name: "component/restart",
  does: "action",
  summary: "ends components of the lab and starts them again at once",
  arguments: { ...howMany, ...kill },
  async run(given, call) {
    const { lab, victims } = await chosen(given, call);
    for (const victim of victims) {
      const fault = prepareStop(lab, victim, given["kill"] === true);
      const { id } = await call.faults.inject(fault);
      await call.faults.revert(id);
    }
    return victims.map(({ name }) => name);
  },
};

const signal: NativeActivity = {
  name: "component/signal",
  does: "action",
  summary: "sends a signal to components of the lab; after STOP they are let go on, with CONT, at the end",
  arguments: {
    ...howMany,
    signal: { type: "string", choices: ["STOP", "KILL", "TERM", "INT", "QUIT"], default: "STOP", summary: "which, without SIG" },
    tree: { type: "boolean", default: true, summary: "STOP reaches every process that it has started, too: a router is several" },
    ...seconds,
  },
  check: (given) =>
    given["seconds"] !== undefined && given["signal"] !== "STOP"
      ? [{ argument: "seconds", message: "only STOP can be put back", mend: "leave it out, or use STOP" }]
      : [],
  async run(given, call) {
    const { victims } = await chosen(given, call);
    const name = given["signal"] as SignalName;
    const faults = victims.flatMap((victim) =>
      processesOf(victim, name === "STOP" && given["tree"] === true).map((identity) =>
        prepareSignal(identity, name, identity.pid === victim.pid ? victim.name : `${victim.name} (its process ${identity.pid})`),
      ),
    );
    for (const fault of faults) await call.faults.inject(fault, fault.undo === null ? {} : forSeconds(given));
    return victims.map((victim) => victim.name);
  },
};

const running: NativeActivity = {
  name: "component/running",
  does: "probe",
  summary: "how many components of the lab run",
  arguments: which,
  async run(given, { target, signal: ending }) {
    const found = choose(await componentsOf(labOf(target, nameIn(given)), ending), wanted(given), { next: () => 0 });
    return found.filter(({ state }) => state === "running").length;
  },
};

export const componentActivities: readonly NativeActivity[] = [stop, start, restart, signal, running];

async function chosen(
  given: JsonObject,
  { target, random, signal: ending }: NativeCall,
): Promise<{ readonly lab: LabHandle; readonly victims: readonly LabComponent[] }> {
  const lab = labOf(target, nameIn(given));
  return { lab, victims: choose(await componentsOf(lab, ending), wanted(given), random) };
}

function wanted(given: JsonObject): Parameters<typeof choose>[1] {
  const { node, zone, count, all } = given;
  return {
    name: nameIn(given),
    ...(typeof node === "string" ? { node } : {}),
    ...(typeof zone === "string" ? { zone } : {}),
    ...(typeof count === "number" && all !== true ? { count } : {}),
  };
}

function nameIn({ name }: JsonObject): string {
  return typeof name === "string" ? name : "";
}

function forSeconds({ seconds: given }: Readonly<Record<string, Json | undefined>>): { readonly seconds?: number } {
  return typeof given === "number" ? { seconds: given } : {};
}

/** The supervisor first: else it starts again what is ended. */
function processesOf({ name, pid, startedAtTicks }: LabComponent, isTree: boolean): readonly ProcessIdentity[] {
  if (pid === null) throw new ActivityFailed(`${name} does not run`);
  const found: ProcessIdentity[] = [{ pid, startTime: startedAtTicks ?? "" }];
  if (isTree) for (let at = 0; at < found.length; at++) found.push(...childrenOf(found[at]?.pid ?? 0));
  return found;
}
