import assert from "node:assert/strict";
import { test } from "node:test";
import type { DesiredLoadBalancer } from "../model/desired.ts";
import type { Observed, ObservedStack } from "../plan/observed.ts";
import { desired, network, SETTINGS } from "../plan/testing/desired-kit.ts";
import { fresh } from "../plan/testing/model-account.ts";
import { planEach, resolveEach } from "./isolated.ts";

const ownership = { clusterId: SETTINGS.clusterId, controllerId: SETTINGS.controllerId };
const targets = { by: "auto-scaling-groups", names: fresh(["nodes-a"]) } as const;

/** What no type allows, as a mistake in this program would be. */
function broken(what: string): never {
  throw new TypeError(`${what} is not what it should be`);
}

function emptyStack(name: string): ObservedStack {
  return { name, loadBalancer: fresh(undefined), targetGroup: fresh(undefined), securityGroup: fresh(undefined) };
}

function observed(...stacks: readonly ObservedStack[]): Observed {
  return { stacks: new Map(stacks.map((stack) => [stack.name, stack])), autoScalingGroups: fresh([]) };
}

test("a load balancer that this program cannot plan is left as it is and told; the others are planned as ever", () => {
  const all = [desired({ name: "hf-test-1" }), desired({ name: "hf-test-2" })];
  const resolution = resolveEach(all, fresh(network()), SETTINGS);
  const good = emptyStack("hf-test-2");
  const bad: ObservedStack = {
    ...emptyStack("hf-test-1"),
    get loadBalancer(): never {
      return broken("the load balancer");
    },
  };
  const expected = planEach(resolution, observed(emptyStack("hf-test-1"), good), targets, ownership).steps.filter(
    ({ name }) => name === "hf-test-2",
  );
  const { steps, notes } = planEach(resolution, observed(bad, good), targets, ownership);
  assert.ok(steps.length > 3);
  assert.deepEqual(steps, expected);
  assert.deepEqual(
    notes.map(({ name, why }) => [name, why.includes("the load balancer is not what it should be")]),
    [["hf-test-1", true]],
  );
});

test("one that cannot be resolved is not taken for one that nobody wants", () => {
  const bad: DesiredLoadBalancer = {
    ...desired({ name: "hf-test-1" }),
    get wishes(): never {
      return broken("a wish");
    },
  };
  const resolution = resolveEach([bad, desired({ name: "hf-test-2" })], fresh(network()), SETTINGS);
  assert.deepEqual([...resolution.unresolved.keys()], ["hf-test-1"]);
  assert.deepEqual(
    resolution.loadBalancers.map(({ name }) => name),
    ["hf-test-2"],
  );
  const { steps } = planEach(resolution, observed(emptyStack("hf-test-1"), emptyStack("hf-test-2")), targets, ownership);
  assert.deepEqual([...new Set(steps.map(({ name }) => name))], ["hf-test-2"]);
});
