import assert from "node:assert/strict";
import { test } from "node:test";
import type { Denial } from "../settings.ts";
import type { Observed, ObservedListener, ObservedRule } from "./observed.ts";
import { plan } from "./plan.ts";
import { resolveAll } from "./resolve.ts";
import { SETTINGS, ZONES, desired, network } from "./testing/desired-kit.ts";
import { ModelAccount, fresh } from "./testing/model-account.ts";

const DENIAL: Denial = { hosts: ["*.cluster.local"], status: "401", contentType: "text/plain", body: "Unauthorized" };
const NAME = "hf-test-1";
const wanted = desired({ certificates: ["cert-1"] });

const planFor = (observed: Observed, denial: Denial | undefined = DENIAL, what = wanted) =>
  plan(
    resolveAll([what], fresh(network()), { ...SETTINGS, denial }),
    observed,
    { by: "auto-scaling-groups", names: fresh(["nodes"]) },
    SETTINGS,
  );
const denials = (...args: Parameters<typeof planFor>): readonly number[] =>
  planFor(...args).steps.flatMap((step) => (step.type === "deny-hosts" ? [step.port] : []));

function made(): Observed {
  const account = new ModelAccount(ZONES, ["nodes"]);
  for (const _round of [1, 2, 3]) account.apply(planFor(account.observedFor([NAME])).steps);
  return account.observedFor([NAME]);
}

/** The same with other rules of the listener on port 443. */
function withRules(observed: Observed, change: (rules: readonly ObservedRule[]) => ObservedListener["rules"]): Observed {
  const stack = observed.stacks.get(NAME);
  assert.ok(stack?.loadBalancer.state === "fresh" && stack.loadBalancer.value !== undefined);
  const { value } = stack.loadBalancer;
  const listeners = value.listeners.map((listener) => {
    if (listener.port !== 443) return listener;
    assert.ok(listener.rules?.state === "fresh");
    return { ...listener, rules: change(listener.rules.value) };
  });
  return { ...observed, stacks: new Map([[NAME, { ...stack, loadBalancer: fresh({ ...value, listeners }) }]]) };
}

test("hosts are denied on every listener that forwards, once, and again when they or the answer are others", () => {
  assert.deepEqual(denials(new ModelAccount(ZONES, ["nodes"]).observedFor([NAME])), [443, 80], "HTTP forwards until HTTPS is there");
  const there = made();
  assert.deepEqual(planFor(there).steps, []);
  assert.deepEqual(denials(there, { ...DENIAL, hosts: ["*.cluster.local", "*.internal"] }), [443]);
  assert.deepEqual(denials(there, { ...DENIAL, body: "" }), [443]);
  const others = withRules(there, (rules) => fresh(rules.map((rule) => ({ ...rule, tags: new Map() }))));
  assert.deepEqual(denials(others), [443], "a rule without our tags is somebody else's");
  const widened = withRules(there, (rules) =>
    fresh(rules.map((rule) => ({ ...rule, conditions: [...rule.conditions, { field: "path-pattern", values: ["/x"] }] }))),
  );
  assert.deepEqual(denials(widened), [443], "what somebody changed is changed back");
});

test("nothing is denied where nothing is said, inside, or where requests are not read; rules that are not known are left alone", () => {
  const there = made();
  const empty = new ModelAccount(ZONES, ["nodes"]).observedFor([NAME]);
  assert.deepEqual(planFor(there, undefined).steps, [], "nothing is taken away either");
  for (const kind of [
    { type: "application", scheme: "internal", targetType: "instance" },
    { type: "network", scheme: "internet-facing", targetType: "instance" },
  ] as const)
    assert.deepEqual(denials(empty, DENIAL, desired({ certificates: ["cert-1"], kind })), []);
  const { steps, notes } = planFor(withRules(there, () => ({ state: "unknown", why: "elasticloadbalancing:DescribeRules is missing" })));
  assert.deepEqual(steps, []);
  assert.match(notes[0]?.why ?? "", /rules on port 443 .*DescribeRules/);
});
