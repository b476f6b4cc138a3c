import { type JsonObject, isList, textAt, written } from "../document/json.ts";
import type { ArgumentRules } from "../native/argument-rules.ts";
import type { NativeActivity } from "../native/native-activity.ts";
import { SECONDS, lasting } from "../kubernetes/seconds.ts";
import { withAws } from "./aws-of-target.ts";
import { INSTANCE_CHOICE, checkInstanceChoice, chooseInstances, selectedInstances } from "./choose-instances.ts";
import { prepareSuspend } from "./group-faults.ts";
import { prepareStop, prepareTerminate, startStopped } from "./instance-faults.ts";
import { giveSpotNotice, prepareZoneLoss } from "./lab-machines.ts";

const terminate: NativeActivity = {
  name: "ec2/terminate",
  does: "action",
  summary:
    "terminates instances; their Auto Scaling group launches others. Outside of a lab only those with the tag holdfast.dev/experiments=allowed",
  arguments: INSTANCE_CHOICE,
  check: checkInstanceChoice,
  run: (given, call) =>
    withAws(call, async (aws) => {
      const ids = (await chooseInstances(aws, given, call)).map(({ id }) => id);
      return (await call.faults.inject(prepareTerminate(ids, call))).output;
    }),
};

const stop: NativeActivity = {
  name: "ec2/stop",
  does: "action",
  summary: "stops instances; they are started again. Outside of a lab only those with the tag holdfast.dev/experiments=allowed",
  arguments: {
    ...INSTANCE_CHOICE,
    ...SECONDS,
    force: { type: "boolean", default: false, summary: "without letting the operating system end" },
  },
  check: checkInstanceChoice,
  run: (given, call) =>
    withAws(call, async (aws) => {
      const ids = (await chooseInstances(aws, given, call)).map(({ id }) => id);
      return (await call.faults.inject(prepareStop(ids, given["force"] === true, call), lasting(given))).output;
    }),
};

const SELECTION: ArgumentRules = Object.fromEntries(
  Object.entries(INSTANCE_CHOICE).filter(([name]) => !["amount", "leastReadyLeft", "leastZonesLeft"].includes(name)),
);

const start: NativeActivity = {
  name: "ec2/start",
  does: "action",
  summary: "starts instances that are stopped",
  arguments: SELECTION,
  check: checkInstanceChoice,
  run: (given, call) =>
    withAws(call, async (aws) => {
      const ids = (await selectedInstances(aws, given)).filter(({ state }) => state !== "running").map(({ id }) => id);
      if (ids.length > 0) await startStopped(aws, ids);
      return ids;
    }),
};

const instances: NativeActivity = {
  name: "ec2/instances",
  does: "probe",
  summary: "the states of instances by their ids; terminated ones are not in it",
  arguments: SELECTION,
  check: checkInstanceChoice,
  run: (given, call) =>
    withAws(call, async (aws) => Object.fromEntries((await selectedInstances(aws, given)).map(({ id, state }) => [id, state]))),
};

const running: NativeActivity = {
  name: "ec2/running",
  does: "probe",
  summary: "how many instances run",
  arguments: SELECTION,
  check: checkInstanceChoice,
  run: (given, call) =>
    withAws(call, async (aws) => (await selectedInstances(aws, given)).filter(({ state }) => state === "running").length),
};

const PROCESSES = ["Launch", "Terminate", "HealthCheck", "ReplaceUnhealthy", "AZRebalance", "AddToLoadBalancer", "AlarmNotification"];

const suspend: NativeActivity = {
  name: "asg/suspend",
  does: "action",
  summary: "an Auto Scaling group does not launch, terminate or replace any longer; what it did before is resumed at the end",
  arguments: {
    group: { type: "string", required: true, summary: "its name" },
    processes: { type: "list", default: ["Launch"], summary: `of ${PROCESSES.join(", ")}` },
    ...SECONDS,
  },
  check({ processes }) {
    const unknown = (isList(processes) ? processes : []).map(written).filter((name) => !PROCESSES.includes(name));
    return unknown.map((name) => ({
      argument: "processes",
      message: `there is no process ${JSON.stringify(name)}`,
      mend: `write one of ${PROCESSES.join(", ")}`,
    }));
  },
  async run(given, call) {
    const processes = (isList(given["processes"]) ? given["processes"] : []).map(written);
    return (await call.faults.inject(await prepareSuspend(textAt(given, "group") ?? "", processes, call), lasting(given))).output;
  },
};

const zone = ({ zone: name }: JsonObject): string => written(name);

const loseZone: NativeActivity = {
  name: "zone/lose",
  does: "action",
  summary: "all machines of an availability zone of a lab are off at once, its load balancer nodes too, and nothing starts there",
  arguments: { zone: { type: "string", required: true, summary: "its name: eu-central-1a" }, ...SECONDS },
  async run(given, call) {
    return (await call.faults.inject(prepareZoneLoss(zone(given), call), { ...lasting(given), witnessSeconds: 30 })).output;
  },
};

const spotNotice: NativeActivity = {
  name: "ec2/spot-notice",
  does: "action",
  summary: "AWS takes a spot instance of a lab away in two minutes; nothing can take that back",
  arguments: { node: { type: "string", required: true, summary: "the node that it is" } },
  async run(given, { target, signal }) {
    await giveSpotNotice(target, textAt(given, "node") ?? "", signal);
    return textAt(given, "node") ?? "";
  },
};

/** What is done to machines through the API of AWS, and to a lab's where AWS has no call for it. */
export const cloudActivities: readonly NativeActivity[] = [terminate, stop, start, instances, running, suspend, loseZone, spotNotice];
