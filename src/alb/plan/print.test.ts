import assert from "node:assert/strict";
import { test } from "node:test";
import type { DesiredLoadBalancer } from "../model/desired.ts";
import { plan } from "./plan.ts";
import { type PrintContext, planText, planView } from "./print.ts";
import { resolveAll } from "./resolve.ts";
import { SETTINGS, ZONES, desired, network } from "./testing/desired-kit.ts";
import { ModelAccount, fresh } from "./testing/model-account.ts";

const NODES = { by: "auto-scaling-groups", names: fresh(["nodes"]) } as const;
const NAMES = new Map([
  ["arn/cert-1", ["*.example.org"]],
  ["arn/cert-2", ["shop.example.org", "www.shop.example.org"]],
]);

function printed(account: ModelAccount, wanted: readonly DesiredLoadBalancer[], held: PrintContext["held"] = []) {
  const resolution = resolveAll(wanted, fresh(network()), SETTINGS);
  const observed = account.observedFor(wanted.map(({ name }) => name));
  const made = plan(resolution, observed, NODES, SETTINGS);
  const owners = new Map(wanted.map((one) => [one.name, one.owners]));
  return { ...made, view: planView(made, { certificates: NAMES, observed, owners, held }) };
}

test("a plan is a diff for each load balancer, with certificates by their names", () => {
  const account = new ModelAccount(ZONES, ["nodes"]);
  const { view, steps } = printed(account, [desired({ certificates: ["arn/cert-1", "arn/cert-2"] })]);
  assert.equal(
    planText(view),
    `hf-test-1 for Ingress shop/web
  + target group of type instance, HTTP port 9999, health check HTTP :9998/healthz every 10 s, expects 200, 5 to be healthy, 2 to be unhealthy
  + targets: the instances of Auto Scaling group nodes
  + load balancer of type application, internet-facing, ipv4, in subnet-a, subnet-b, subnet-c, with security groups sg-1
  + port 443: HTTPS forwards to its target group, ELBSecurityPolicy-TLS13-1-2-2021-06, default certificate *.example.org (cert-1)
  + port 443: certificate shop.example.org, www.shop.example.org (cert-2)
  + port 80: HTTP forwards to its target group
  ~ target group: deregistration_delay.timeout_seconds=300
  ~ load balancer: deletion_protection.enabled=true
  ~ load balancer: idle_timeout.timeout_seconds=60

6 to add, 3 to change, 0 to remove.
`,
  );
  account.apply(steps);
  const again = printed(account, [desired({ certificates: ["arn/cert-1", "arn/cert-2"] })]);
  assert.match(planText(again.view), /^ {2}~ tags of the load balancer: holdfast.dev\/deletion-protection=set \(was wanted\)$/m);
  account.apply(again.steps);
  assert.equal(
    planText(printed(account, [desired({ certificates: ["arn/cert-1", "arn/cert-2"] })]).view),
    "Nothing to do: all load balancers are as they should be.\n",
  );
});

test("what changes is shown with what it was, what is held with why, what cannot be told with why not", () => {
  const account = new ModelAccount(ZONES, ["nodes"]);
  account.apply(printed(account, [desired({ certificates: ["arn/cert-1", "arn/cert-2"] })]).steps);
  const changed = desired({
    certificates: ["arn/cert-1"],
    wishes: {
      sslPolicy: "ELBSecurityPolicy-2016-08",
      attributes: new Map([["idle_timeout.timeout_seconds", "90"]]),
      healthCheck: { path: "/ready" },
    },
  });
  const hold = {
    id: "h1",
    keys: ["hf-test-1 port 443 certificate arn/cert-2"],
    reason: "it is not proved dead",
    releasedBy: "in 2 hours, or approve it",
  };
  const unmade = desired({ name: "hf-test-2", certificates: [], owners: ["Ingress a/b"] });
  const { view } = printed(account, [changed, unmade], [hold]);
  const lines = planText(view).split("\n");
  assert.ok(
    lines.includes(
      "  ~ port 443: HTTPS forwards to its target group, ELBSecurityPolicy-2016-08, default certificate *.example.org (cert-1) (was HTTPS forward, ELBSecurityPolicy-TLS13-1-2-2021-06)",
    ),
    planText(view),
  );
  assert.ok(lines.includes("  ~ load balancer: idle_timeout.timeout_seconds=90 (was 60)"));
  assert.ok(lines.some((line) => line.endsWith("(was path /healthz)")));
  assert.equal(
    lines[lines.indexOf("  - port 443: certificate shop.example.org, www.shop.example.org (cert-2)") + 1],
    "      held (h1): it is not proved dead; in 2 hours, or approve it",
  );
  assert.ok(lines.includes("  ! port 443 is not opened: there is no certificate for its hosts"));
  assert.match(planText(view), /, 1 to remove, of which 1 held\.\n$/);
  assert.deepEqual(
    view.loadBalancers[0]?.steps.find(({ effect }) => effect === "remove"),
    {
      effect: "remove",
      type: "remove-certificates",
      text: "port 443: certificate shop.example.org, www.shop.example.org (cert-2)",
      held: { id: "h1", reason: hold.reason, releasedBy: hold.releasedBy },
    },
  );
});

test("one that nobody needs any more says so", () => {
  const account = new ModelAccount(ZONES, ["nodes"]);
  account.apply(printed(account, [desired()]).steps);
  assert.equal(
    planText(printed(account, []).view),
    "hf-test-1 (nobody needs it)\n  - load balancer\n\n0 to add, 0 to change, 1 to remove.\n",
  );
});
