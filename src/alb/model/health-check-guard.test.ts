import assert from "node:assert/strict";
import { test } from "node:test";

import type { Evidence } from "../evidence.ts";
import { LAYOUT_OPTIONS, NOW_MS, claimOf } from "../testing/claims.ts";
import { withGuardedHealthChecks } from "./health-check-guard.ts";
import { layOut } from "./layout.ts";

const layout = layOut(
  [claimOf("own", [], { wishes: { healthCheck: { path: "/of-an-app" }, sslPolicy: "one" } }), claimOf("plain", [])],
  [],
  [],
  LAYOUT_OPTIONS,
  NOW_MS,
);

function groups(...types: readonly string[]): Evidence<readonly { readonly name: string; readonly healthCheckType: string }[]> {
  return { state: "fresh", value: types.map((healthCheckType, at) => ({ name: `nodes-${at}`, healthCheckType })), atMs: NOW_MS };
}

test("Health checks of annotations are used where an Auto Scaling group does not terminate by them", () => {
  assert.equal(withGuardedHealthChecks(layout, groups("EC2", "EC2")), layout);
});

test("While nothing is known of the groups annotations do not say either, and nobody is told of it", () => {
  const guarded = withGuardedHealthChecks(layout, { state: "unknown", why: "not read" });
  assert.ok(guarded.loadBalancers.every(({ wishes }) => wishes.healthCheck === undefined));
  assert.deepEqual(guarded.problems, layout.problems);
});

test("Where a group terminates what a load balancer calls unhealthy, annotations do not say what that is", () => {
  for (const type of ["ELB", "EC2,ELB"]) {
    const guarded = withGuardedHealthChecks(layout, groups("EC2", type));
    assert.deepEqual(
      guarded.loadBalancers.map(({ wishes }) => wishes).toSorted((one) => (one.sslPolicy === undefined ? -1 : 1)),
      [{}, { sslPolicy: "one" }],
    );
    assert.deepEqual(
      guarded.problems.map(({ owner, reason }) => `${owner} ${reason}`),
      ["Ingress default/own HealthCheckNotUsed"],
    );
    assert.match(guarded.problems[0]?.message ?? "", /group nodes-1 terminates the nodes/);
  }
});
