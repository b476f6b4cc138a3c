import { written } from "../document/json.ts";
import type { NativeActivity } from "../native/native-activity.ts";
import { type AwsCall, AwsControl } from "./aws-control.ts";
import { prepareAwsFault } from "./aws-fault.ts";

const fault: NativeActivity = {
  name: "aws/fault",
  does: "action",
  summary:
    "lets calls of the lab's AWS go wrong, until the end of the run; done once a call has met it, so what makes the calls goes on beside it (background)",
  arguments: {
    action: { type: "string", required: true, summary: "which calls: DescribeTargetGroups, Describe*, *" },
    service: { type: "string", summary: "elasticloadbalancing, ec2, autoscaling, acm, iam, sts, wafv2; any when left out" },
    from: { type: "integer", least: 1, most: 1_000_000, default: 1, summary: "from the so-many-th such call on" },
    count: { type: "integer", least: 0, most: 1_000_000, default: 0, summary: "how many of them; 0: all" },
    every: { type: "integer", least: 1, most: 1_000_000, default: 1, summary: "of those every so-many-th only" },
    fault: {
      type: "object",
      required: true,
      summary: "what happens, as in docs/reference/lab-aws.md: {kind: throttle}, {kind: lose-answer}, …",
    },
    seconds: { type: "number", least: 0.1, most: 86_400, summary: "after how many seconds it ends; with the run when left out" },
    within: { type: "number", least: 1, most: 600, default: 30, summary: "seconds in which a call has to meet it" },
  },
  async run({ seconds, within, ...rule }, { target, faults, random }) {
    const id = `experiment-${Math.floor(random.next() * 2 ** 48).toString(36)}`;
    const { output } = await faults.inject(prepareAwsFault(id, rule, new AwsControl(target, "aws/fault")), {
      ...(typeof seconds === "number" ? { seconds } : {}),
      witnessSeconds: Number(within),
    });
    return output;
  },
};

const TESTS: Readonly<Record<string, (call: AwsCall) => boolean>> = {
  all: () => true,
  reads: ({ isWrite }) => !isWrite,
  writes: ({ isWrite }) => isWrite,
  deletes: ({ action }) => /^(Delete|Deregister|Detach|Remove|Terminate)/.test(action),
  creates: ({ action }) => action.startsWith("Create"),
  faulted: ({ fault: met }) => met !== undefined,
};

const calls: NativeActivity = {
  name: "aws/calls",
  does: "probe",
  summary: "how many calls the lab's AWS had of late",
  arguments: {
    seconds: { type: "number", required: true, least: 1, most: 86_400, summary: "over so many seconds until now" },
    only: {
      type: "string",
      choices: Object.keys(TESTS),
      default: "all",
      summary: "which; deletes are Delete…, Deregister…, Detach…, Remove… and Terminate…",
    },
    action: { type: "string", summary: "of this action alone" },
  },
  async run(given, { target, clock }) {
    const recent = await new AwsControl(target, "aws/calls").calls(Number(given["seconds"]), clock.wallMs());
    return recent.filter(
      (call) => (given["action"] === undefined || call.action === given["action"]) && TESTS[written(given["only"])]?.(call) === true,
    ).length;
  },
};

const loadBalancers: NativeActivity = {
  name: "aws/load-balancers",
  does: "probe",
  summary: "the names of all load balancers in the lab's account",
  arguments: {},
  async run(_, { target }) {
    return [...(await new AwsControl(target, "aws/load-balancers").loadBalancers())].toSorted();
  },
};

export const labAwsActivities: readonly NativeActivity[] = [fault, calls, loadBalancers];
