import type { ListenerAction } from "../../aws/index.ts";
import { valueOf } from "../evidence.ts";
import type { Denial } from "../settings.ts";
import type { ObservedListener, ObservedRule } from "./observed.ts";
import { type Ownership, ownedAs } from "./ownership.ts";
import { allTags } from "./plan-security-group.ts";
import type { ResolvedLoadBalancer, WantedListener } from "./resolved.ts";
import type { StackPlan } from "./stack-plan.ts";

/** Of a listener that forwards: one that redirects leads to one that forwards. `known` is undefined when it is made in this plan. */
export function planDenial(
  part: StackPlan,
  known: ObservedListener | undefined,
  listener: WantedListener,
  wanted: ResolvedLoadBalancer,
): void {
  const { denial } = wanted;
  if (denial === undefined || listener.action.type !== "forward") return;
  if (known !== undefined) {
    if (known.rules === undefined) return;
    part.noteWorth(`rules on port ${listener.port}`, known.rules);
    if (known.rules.state !== "fresh") return;
    const own = ownRule(valueOf(known.rules) ?? [], part.ownership, part.name);
    if (own !== undefined && isSame(own, denial)) return;
  }
  part.change({ type: "deny-hosts", port: listener.port, denial, tags: allTags(part.ownership, wanted) });
}

/** The rule that is ours, by its own tags. */
export function ownRule(rules: readonly ObservedRule[], ownership: Ownership, name: string): ObservedRule | undefined {
  return rules.find(({ tags }) => ownedAs(tags, ownership) === name);
}

export function isSame({ conditions, actions }: ObservedRule, { hosts, status, contentType, body }: Denial): boolean {
  const [condition, ...others] = conditions;
  const [action, ...more] = actions;
  return (
    others.length === 0 &&
    more.length === 0 &&
    condition?.field === "host-header" &&
    condition.values.toSorted().join(" ") === hosts.toSorted().join(" ") &&
    answers(action, status, contentType, body)
  );
}

function answers(action: ListenerAction | undefined, status: string, contentType: string, body: string): boolean {
  const said = action?.type === "fixed-response" ? action.fixedResponse : undefined;
  return said?.["StatusCode"] === status && said["ContentType"] === contentType && (said["MessageBody"] ?? "") === body;
}
