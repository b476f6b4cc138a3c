import type { Aws, Instance } from "../../aws/index.ts";
import { amountText, readAmount } from "../blast/amount.ts";
import { planBlast } from "../blast/plan-blast.ts";
import { type JsonObject, isList, isObject, textAt, written } from "../document/json.ts";
import type { ArgumentProblem, ArgumentRules } from "../native/argument-rules.ts";
import type { NativeCall } from "../native/native-activity.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";

const GROUP_TAG = "aws:autoscaling:groupName";
/** Outside of a lab nobody is touched who has not agreed to it. */
const OPT_IN = { key: "holdfast.dev/experiments", value: "allowed" };

/** Arguments that say which instances. */
export const INSTANCE_CHOICE: ArgumentRules = {
  ids: { type: "list", summary: "instances by their ids" },
  group: { type: "string", summary: "those of an Auto Scaling group" },
  zone: { type: "string", summary: "those of an availability zone" },
  tags: { type: "object", summary: "those with all these tags: {name: value}" },
  amount: { type: "any", default: 1, summary: 'how many of those that are selected: 2, or "30%" (rounded down)' },
  leastReadyLeft: { type: "integer", least: 0, default: 0, summary: "so many instances of each group must run afterwards" },
  leastZonesLeft: { type: "integer", least: 0, default: 0, summary: "in so many zones an instance of each group must run afterwards" },
};

const SELECTORS = ["ids", "group", "zone", "tags"];

export function checkInstanceChoice(given: JsonObject, open: ReadonlySet<string> = new Set()): readonly ArgumentProblem[] {
  const problems: ArgumentProblem[] = [];
  if (SELECTORS.every((name) => given[name] === undefined && !open.has(name)))
    problems.push({ argument: "", message: "nothing says which instances", mend: `select them with one of ${SELECTORS.join(", ")}` });
  if (given["amount"] !== undefined && readAmount(given["amount"]) === undefined)
    problems.push({ argument: "amount", message: `${written(given["amount"])} is no amount`, mend: 'write 2, or "30%"' });
  return problems;
}

/** All that are selected, in whatever state; terminated ones are left out. */
export async function selectedInstances(aws: Aws, given: JsonObject): Promise<readonly Instance[]> {
  const filters = new Map<string, readonly string[]>();
  const ids = isList(given["ids"]) ? given["ids"].map(written) : [];
  if (ids.length > 0) filters.set("instance-id", ids);
  const group = textAt(given, "group");
  if (group !== undefined) filters.set(`tag:${GROUP_TAG}`, [group]);
  const zone = textAt(given, "zone");
  if (zone !== undefined) filters.set("availability-zone", [zone]);
  for (const [name, value] of Object.entries(isObject(given["tags"]) ? given["tags"] : {})) filters.set(`tag:${name}`, [written(value)]);
  const found = await aws.ec2.instances(filters);
  const missing = ids.filter((id) => !found.some((instance) => instance.id === id));
  if (missing.length > 0) throw new ActivityFailed(`there is no instance ${missing.join(", ")} among those that are selected`);
  return found.filter(({ state }) => state !== "terminated" && state !== "shutting-down");
}

/** Draws running instances, and puts the plan into the evidence. Rejects when nobody is left. */
export async function chooseInstances(aws: Aws, given: JsonObject, call: NativeCall): Promise<readonly Instance[]> {
  const running = (await selectedInstances(aws, given)).filter(({ state }) => state === "running");
  const amount = readAmount(given["amount"]);
  if (amount === undefined) throw new ActivityFailed(`${written(given["amount"])} is no amount: write 2, or "30%"`);
  const candidates = running.map((instance) => {
    const group = instance.tags.get(GROUP_TAG);
    const isAllowed = call.target.lab !== undefined || instance.tags.get(OPT_IN.key) === OPT_IN.value;
    return {
      id: instance.id,
      zone: instance.zone,
      isReady: true,
      ...(group === undefined ? {} : { owner: group }),
      ...(isAllowed ? {} : { denied: `it has no tag ${OPT_IN.key}=${OPT_IN.value}` }),
    };
  });
  const limits = {
    amount,
    of: "all",
    leastReadyLeft: Number(given["leastReadyLeft"] ?? 0),
    leastZonesLeft: Number(given["leastZonesLeft"] ?? 0),
  } as const;
  const plan = planBlast({ candidates }, limits, call.random);
  const names = plan.victims.map(({ id }) => id);
  const kept = plan.spared.slice(0, 5).map(({ id, why }) => `${id} is spared: ${why}`);
  const told = [plan.text, names.join(", "), ...kept].filter((part) => part !== "").join("; ");
  call.evidence.recordEvent("blast plan", told);
  if (names.length === 0) throw new ActivityFailed(`no instance is taken: ${told} (asked for ${amountText(amount)})`);
  return running.filter(({ id }) => names.includes(id));
}
