import { readFileSync } from "node:fs";
import { identify, messageOf } from "../../kernel/index.ts";
import { type JsonObject, written } from "../document/json.ts";
import type { NativeActivity } from "../native/native-activity.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import { type SignalName, prepareSignal } from "./signal.ts";

const SIGNALS: readonly SignalName[] = ["STOP", "KILL", "TERM", "INT", "QUIT"];

const signal: NativeActivity = {
  name: "process/signal",
  does: "action",
  summary: "sends a signal to a process of this machine; after STOP it is let go on, with CONT, at the end",
  arguments: {
    pid: { type: "integer", least: 2, summary: "the process" },
    pidfile: { type: "string", summary: "a file that holds its id, instead" },
    signal: { type: "string", choices: SIGNALS, default: "STOP", summary: "which, without SIG" },
    seconds: {
      type: "number",
      least: 0.1,
      most: 86_400,
      summary: "after how many seconds STOP is put back; at the end of the run when left out",
    },
  },
  check(given) {
    // Either may come from the configuration, and is not there yet.
    if (given["pid"] !== undefined && given["pidfile"] !== undefined)
      return [{ argument: "pidfile", message: "there is a pid as well", mend: "give one of them" }];
    if (given["seconds"] !== undefined && given["signal"] !== "STOP")
      return [{ argument: "seconds", message: `SIG${written(given["signal"])} cannot be put back`, mend: "leave it out, or use STOP" }];
    return [];
  },
  async run(given, { faults }) {
    const fault = prepareSignal(identify(pidOf(given)), given["signal"] as SignalName);
    const { output } = await faults.inject(fault, typeof given["seconds"] === "number" ? { seconds: given["seconds"] } : {});
    return output;
  },
};

export const processActivities: readonly NativeActivity[] = [signal];

function pidOf({ pid, pidfile }: JsonObject): number {
  if (typeof pid === "number") return pid;
  if (typeof pidfile !== "string") throw new ActivityFailed("which process? give pid or pidfile");
  let text: string;
  try {
    text = readFileSync(pidfile, "utf8").trim();
  } catch (error) {
    throw new ActivityFailed(`${pidfile} cannot be read: ${messageOf(error)}`);
  }
  if (!/^\d{1,9}$/.test(text) || Number(text) < 2) throw new ActivityFailed(`${pidfile} holds no process id`);
  return Number(text);
}
