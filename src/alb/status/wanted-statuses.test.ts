import assert from "node:assert/strict";
import { test } from "node:test";

import type { ObservedStack } from "../plan/observed.ts";
import { claimOf } from "../testing/claims.ts";
import { stackOf } from "../testing/stacks.ts";
import { wantedStatuses } from "./wanted-statuses.ts";

const OWNER = "Ingress default/web";

/** `moves to HOSTNAME`, `waits: WHY`, or `stays`. */
function outcome(
  stacks: readonly ObservedStack[],
  place = "new",
  statusHosts: readonly string[] = [],
  certificates: readonly string[] = [],
): string {
  const layout = { placeOf: new Map([[OWNER, place]]), certificatesOf: new Map([[OWNER, certificates]]) };
  const claim = claimOf("web", ["web.example.org"], { statusHosts });
  const { moves, waits } = wantedStatuses([claim], layout, new Map(stacks.map((stack) => [stack.name, stack])));
  if (moves.length + waits.length === 0) return "stays";
  return moves[0] === undefined ? `waits: ${waits[0]?.why ?? ""}` : `moves to ${moves[0].hostname}`;
}

test("K20: a status points to a load balancer as soon as it really serves, and no sooner", () => {
  assert.equal(outcome([stackOf("new")]), "moves to new.elb.example");
  assert.equal(outcome([stackOf("new", { state: "active_impaired" })]), "moves to new.elb.example");
  assert.equal(outcome([]), "waits: it is not made yet");
  assert.equal(outcome([stackOf("new", { state: "provisioning" })]), "waits: its state is provisioning");
  assert.equal(outcome([stackOf("new", { state: "a-word-of-tomorrow" })]), "waits: its state is a-word-of-tomorrow");
  assert.equal(outcome([stackOf("new", { targets: [] })]), "waits: 0 of 0 routers behind it are healthy");
  assert.equal(outcome([stackOf("new", { targets: ["healthy", "initial", "unhealthy"] })]), "waits: 1 of 3 routers behind it are healthy");
  assert.equal(outcome([stackOf("new", { targets: ["healthy", "initial", "healthy", "draining", "unused"] })]), "moves to new.elb.example");
});

test("a load balancer serves a claim once it has the certificates of that claim", () => {
  assert.equal(outcome([stackOf("new", { certificates: ["a"] })], "new", [], ["a"]), "moves to new.elb.example");
  assert.equal(outcome([stackOf("new", { certificates: ["a"] })], "new", [], ["a", "b"]), "waits: certificate b is not on it yet");
});

test("a status moves from one load balancer to another only when the other one serves", () => {
  const old = stackOf("old");
  assert.equal(
    outcome([old, stackOf("new", { targets: ["initial"] })], "new", ["old.elb.example"]),
    "waits: 0 of 1 routers behind it are healthy",
  );
  assert.equal(outcome([old, stackOf("new")], "new", ["old.elb.example"]), "moves to new.elb.example");
});

test("a status that points to its load balancer stays, however bad that looks or however little is known", () => {
  const { loadBalancer, ...rest } = stackOf("new", { state: "failed", targets: ["unhealthy"] });
  assert.equal(outcome([{ loadBalancer, ...rest }], "new", ["new.elb.example"]), "stays");
  const value = loadBalancer.state === "fresh" ? loadBalancer.value : undefined;
  assert.equal(
    outcome([{ ...rest, loadBalancer: { state: "stale", value, atMs: 0, why: "no answer" } }], "new", ["new.elb.example"]),
    "stays",
  );
});

test("what is not known freshly moves nobody", () => {
  const { loadBalancer, ...rest } = stackOf("new");
  const value = loadBalancer.state === "fresh" ? loadBalancer.value : undefined;
  assert.equal(
    outcome([{ ...rest, loadBalancer: { state: "stale", value, atMs: 0, why: "throttled" } }]),
    "waits: the load balancer cannot be seen now: throttled",
  );
  assert.equal(
    outcome([{ ...rest, loadBalancer, targetGroup: { state: "unknown", why: "throttled" } }]),
    "waits: its target group cannot be seen now: throttled",
  );
});

test("a claim without a place keeps its status", () => {
  const { moves, waits } = wantedStatuses([claimOf("web", [])], { placeOf: new Map(), certificatesOf: new Map() }, new Map());
  assert.deepEqual([moves, waits], [[], []]);
});

test("whoever waits for something else is not sent to a load balancer that serves, and stays where it is", () => {
  const layout = {
    placeOf: new Map([[OWNER, "new"]]),
    certificatesOf: new Map([[OWNER, []]]),
    waits: new Map([[OWNER, "not all certificates can be read"]]),
  };
  const claim = claimOf("web", ["web.example.org"], { statusHosts: ["old.elb.example"] });
  const { moves, waits } = wantedStatuses([claim], layout, new Map([["new", stackOf("new")]]));
  assert.deepEqual([moves.length, waits.map(({ why }) => why)], [0, ["not all certificates can be read"]]);
});
