import assert from "node:assert/strict";
import { test } from "node:test";

import type { ObservedStack } from "../plan/observed.ts";
import { stackOf } from "../testing/stacks.ts";
import { placedFrom } from "./placed.ts";

test("A load balancer that was read is placed with its certificates and kind", () => {
  const stack = stackOf("hf-1", { certificates: ["a", "b"] });
  assert.deepEqual(placedFrom(new Map([["hf-1", stack]]), new Map([["hf-1", ["Ingress default/web"]]])), [
    {
      name: "hf-1",
      dnsName: "hf-1.ELB.example",
      kind: { type: "application", scheme: "internet-facing", targetType: "instance" },
      certificates: ["a", "b"],
      owners: ["Ingress default/web"],
    },
  ]);
});

test("One that cannot be read is still there with those who were placed on it, and one that is known to be none is not", () => {
  const { loadBalancer: _, ...rest } = stackOf("hf-1");
  const unread = { ...rest, loadBalancer: { state: "unknown", why: "throttled" } } as const;
  const gone = { ...rest, name: "hf-2", loadBalancer: { state: "fresh", value: undefined, atMs: 0 } } as const;
  const stacks = new Map<string, ObservedStack>([
    ["hf-1", unread],
    ["hf-2", gone],
  ]);
  assert.deepEqual(placedFrom(stacks, new Map([["hf-1", ["Ingress default/web"]]])), [
    { name: "hf-1", dnsName: undefined, kind: undefined, certificates: [], owners: ["Ingress default/web"] },
  ]);
});
