import { type ProcessIdentity, childrenOf, identify, isRunning } from "../../kernel/index.ts";
import { choose, componentsOf, labOf } from "../component/lab-component.ts";
import { type Json, type JsonObject, isList, isObject, written } from "../document/json.ts";
import type { ArgumentProblem, ArgumentRules } from "../native/argument-rules.ts";
import type { NativeCall } from "../native/native-activity.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";

/** Processes that are short of something, and how people call them. */
export interface Victims {
  readonly names: readonly string[];
  /** With all that each has started. */
  readonly processes: readonly ProcessIdentity[];
}

export const victimArguments: ArgumentRules = {
  of: { type: "string", summary: "components of the lab, as in router/*/hold, with every process that they have started" },
  node: { type: "string", summary: "only components on this node" },
  zone: { type: "string", summary: "only components in this zone" },
  count: { type: "integer", least: 1, most: 100, default: 1, summary: "how many of the components, drawn by the run's seed" },
  pid: { type: "integer", least: 2, summary: "a process of this machine, instead of components" },
};

export function checkVictims({ of, pid }: JsonObject): readonly ArgumentProblem[] {
  return of !== undefined && pid !== undefined
    ? [{ argument: "pid", message: "there are components as well", mend: "give of, or pid" }]
    : [];
}

/** Rejects with `ActivityFailed` when there are none. */
export async function findVictims(given: JsonObject, { target, random, signal }: NativeCall): Promise<Victims> {
  const { of, node, zone, count, pid } = given;
  if (typeof pid === "number") {
    const identity = identify(pid);
    if (!isRunning(identity)) throw new ActivityFailed(`process ${pid} does not run`);
    return { names: [`process ${pid}`], processes: withChildren(identity) };
  }
  if (typeof of !== "string") throw new ActivityFailed("which processes? give of or pid");
  const wanted = {
    name: of,
    ...(typeof node === "string" ? { node } : {}),
    ...(typeof zone === "string" ? { zone } : {}),
    count: Number(count),
  };
  const victims = choose(await componentsOf(labOf(target, of), signal), wanted, random);
  const processes = victims.flatMap(({ name, pid: main, startedAtTicks }) => {
    if (main === null) throw new ActivityFailed(`${name} does not run`);
    return withChildren({ pid: main, startTime: startedAtTicks ?? "" });
  });
  return { names: victims.map(({ name }) => name), processes };
}

/** Of an undo's record. */
export function identityIn(value: Json | undefined): ProcessIdentity {
  return isObject(value) ? { pid: Number(value["pid"]), startTime: written(value["startTime"]) } : { pid: 0, startTime: "" };
}

export function objectsIn(value: Json | undefined): readonly JsonObject[] {
  return isList(value) ? value.filter(isObject) : [];
}

function withChildren(main: ProcessIdentity): readonly ProcessIdentity[] {
  const found = [main];
  for (let at = 0; at < found.length; at++)
    found.push(...childrenOf(found[at]?.pid ?? 0).map(({ pid, startTime }) => ({ pid, startTime })));
  return found;
}
