import type { HostRule } from "../../aws/index.ts";
import { isSame, ownRule } from "../plan/denial.ts";
import type { ObservedRule } from "../plan/observed.ts";
import { tagsFor } from "../plan/ownership.ts";
import type { ChangeStep } from "../plan/step.ts";
import type { StepContext } from "./step-context.ts";

/**
 * Makes or changes our rule of a listener, which is known by its own tags. What is there is read first and after a call that failed: an answer that was lost
 * leaves no second one, and rules of others keep their places.
 */
export async function denyHosts(
  { port, denial, tags }: Extract<ChangeStep, { readonly type: "deny-hosts" }>,
  context: StepContext,
): Promise<void> {
  const { aws, calls, resources, ownership } = context;
  const { hosts, status, contentType, body } = denial;
  const listenerArn = resources.needListener(port);
  const wanted: HostRule = { hosts, action: { type: "fixed-response", status, contentType, body } };
  const rules = await rulesOf(listenerArn, context);
  const own = ownRule(rules, ownership, resources.name);
  if (own !== undefined) {
    if (!isSame(own, denial)) await calls.write("elasticloadbalancing:ModifyRule", () => aws.elb.modifyRule(own.arn, wanted));
    return;
  }
  const taken = new Set(rules.map(({ priority }) => priority));
  let free = 1;
  while (taken.has(free)) free++;
  const all = new Map([...tags, ...tagsFor(ownership, resources.name)]);
  try {
    await calls.write("elasticloadbalancing:CreateRule", () => aws.elb.createRule(listenerArn, free, wanted, all));
  } catch (error) {
    const made = ownRule(await rulesOf(listenerArn, context), ownership, resources.name);
    if (made === undefined || !isSame(made, denial)) throw error;
  }
}

/** Without the default one. */
async function rulesOf(listenerArn: string, { aws, calls }: StepContext): Promise<readonly ObservedRule[]> {
  const all = await calls.read("elasticloadbalancing:DescribeRules", () => aws.elb.rules(listenerArn));
  const rules = all.filter(({ priority }) => priority !== undefined);
  if (rules.length === 0) return [];
  const tags = await calls.read("elasticloadbalancing:DescribeTags", () => aws.elb.tags(rules.map(({ arn }) => arn)));
  return rules.map((rule) => ({ ...rule, tags: tags.get(rule.arn) ?? new Map() }));
}
