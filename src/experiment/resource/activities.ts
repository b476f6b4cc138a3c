import type { Json, JsonObject } from "../document/json.ts";
import type { PreparedFault } from "../fault/fault.ts";
import type { ArgumentRules } from "../native/argument-rules.ts";
import type { NativeActivity, NativeCall } from "../native/native-activity.ts";
import { networkToBreak } from "../network/run-tool.ts";
import { prepareBurn } from "./burn.ts";
import { prepareGroup } from "./control-group.ts";
import { prepareFullDisk } from "./disk.ts";
import { prepareOpenFiles } from "./open-files.ts";
import { preparePorts } from "./ports.ts";
import { checkVictims, findVictims, victimArguments } from "./victims.ts";

const PERIOD_US = 100_000;

const seconds: ArgumentRules = {
  seconds: {
    type: "number",
    least: 0.1,
    most: 86_400,
    summary: "after how many seconds it is put back; at the end of the run when left out",
  },
};

const cpu: NativeActivity = {
  name: "resource/cpu",
  does: "action",
  summary: "processes get a share of one processor and no more (cgroup quota)",
  arguments: {
    ...victimArguments,
    percent: { type: "number", least: 1, most: 1000, required: true, summary: "of one processor, for all of them together" },
    ...seconds,
  },
  check: checkVictims,
  async run(given, call) {
    const victims = await findVictims(given, call);
    const percent = Number(given["percent"]);
    const settings = { "cpu.cfs_period_us": String(PERIOD_US), "cpu.cfs_quota_us": String(Math.round((percent * PERIOD_US) / 100)) };
    const label = `${percent} % of a processor for ${victims.names.join(", ")}`;
    return inject(given, call, prepareGroup({ controller: "cpu", settings, kind: "resource/cpu", label }, victims));
  },
};

const memory: NativeActivity = {
  name: "resource/memory",
  does: "action",
  summary: "processes may use so much memory from now on and no more: the kernel kills the one that needs more (cgroup limit)",
  arguments: {
    ...victimArguments,
    mebibytes: {
      type: "integer",
      least: 8,
      most: 1_000_000,
      required: true,
      summary: "for all of them together, without what they use already",
    },
    ...seconds,
  },
  check: checkVictims,
  async run(given, call) {
    const victims = await findVictims(given, call);
    const mebibytes = Number(given["mebibytes"]);
    const settings = { "memory.limit_in_bytes": String(mebibytes * 2 ** 20) };
    const label = `${mebibytes} MiB of memory for ${victims.names.join(", ")}`;
    return inject(given, call, prepareGroup({ controller: "memory", settings, kind: "resource/memory", label }, victims));
  },
};

const freeze: NativeActivity = {
  name: "resource/freeze",
  does: "action",
  summary: "processes do not run, and are not told so (cgroup freezer)",
  arguments: { ...victimArguments, ...seconds },
  check: checkVictims,
  async run(given, call) {
    const victims = await findVictims(given, call);
    const limit = {
      controller: "freezer",
      settings: { "freezer.state": "FROZEN" },
      kind: "resource/freeze",
      label: `${victims.names.join(", ")} frozen`,
    } as const;
    return inject(given, call, prepareGroup(limit, victims));
  },
};

const files: NativeActivity = {
  name: "resource/files",
  does: "action",
  summary: "processes may open so many files and sockets and no more: EMFILE",
  arguments: {
    ...victimArguments,
    limit: {
      type: "integer",
      least: 1,
      most: 1_000_000,
      required: true,
      summary: "of each process; what is open already counts and stays open",
    },
    ...seconds,
  },
  check: checkVictims,
  async run(given, call) {
    return inject(given, call, prepareOpenFiles(await findVictims(given, call), Number(given["limit"])));
  },
};

const ports: NativeActivity = {
  name: "resource/ports",
  does: "action",
  summary: "so many ports for outgoing connections to one address, of everybody in the network: EADDRNOTAVAIL",
  arguments: { count: { type: "integer", least: 2, most: 20_000, required: true, summary: "how many" }, ...seconds },
  async run(given, call) {
    return inject(given, call, await preparePorts(networkToBreak(call.environment), Number(given["count"])));
  },
};

const burn: NativeActivity = {
  name: "resource/burn",
  does: "action",
  summary: "processes that do nothing but compute",
  arguments: {
    workers: { type: "integer", least: 1, most: 64, default: 1, summary: "how many" },
    seconds: { type: "number", least: 1, most: 600, required: true, summary: "for how long at most" },
  },
  run: (given, call) => inject(given, call, prepareBurn(Number(given["workers"]), Number(given["seconds"]))),
};

const disk: NativeActivity = {
  name: "resource/disk",
  does: "action",
  summary: "no space left in the file system of a folder, which must be a small one: ENOSPC",
  arguments: { folder: { type: "string", required: true, summary: "a folder in it; less than 1 GiB may be free" }, ...seconds },
  run: (given, call) => inject(given, call, prepareFullDisk(typeof given["folder"] === "string" ? given["folder"] : "")),
};

export const resourceActivities: readonly NativeActivity[] = [cpu, memory, freeze, files, ports, burn, disk];

async function inject({ seconds: given }: JsonObject, { faults }: NativeCall, fault: PreparedFault): Promise<Json> {
  const { output } = await faults.inject(fault, typeof given === "number" ? { seconds: given } : {});
  return output;
}
