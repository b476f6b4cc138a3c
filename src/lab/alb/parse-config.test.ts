import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseHostConfig, parseLoadBalancer } from "./parse-config.ts";
import { parseListener } from "./parse-listener.ts";
import { parseRule } from "./parse-rule.ts";
import { parseTargetGroup } from "./parse-target-group.ts";

const control = { host: "127.0.0.1", port: 0, token: "t" };
const nodes = [{ zone: "a", address: "127.20.2.1" }];

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return "accepted";
}

describe("the configuration of a load balancer", () => {
  test("takes AWS's defaults for what it leaves out", () => {
    const config = parseLoadBalancer({ name: "x", nodes, targetGroups: [{ name: "web" }] }, "");
    assert.equal(config.attributes.idleTimeoutMs, 60_000);
    assert.deepEqual(config.targetGroups[0], {
      name: "web",
      protocol: "HTTP",
      healthCheck: {
        protocol: "HTTP",
        path: "/",
        port: 0,
        intervalMs: 30_000,
        timeoutMs: 5000,
        healthyThreshold: 5,
        unhealthyThreshold: 2,
        matcher: "200",
      },
      algorithm: "round_robin",
      crossZone: true,
      deregistrationDelayMs: 300_000,
      cutsAtDelayEnd: true,
      slowStartMs: 0,
      minimumHealthyCount: 1,
      minimumHealthyPercentage: 0,
      targets: [],
    });
  });

  test("says where it is wrong", () => {
    assert.equal(
      refusal(() => parseHostConfig([])),
      "the document: must be a JSON object, is []",
    );
    assert.match(
      refusal(() => parseHostConfig({ control: { ...control, token: 7 } })),
      /^control\.token: must be a string/,
    );
    assert.match(
      refusal(() => parseHostConfig({ control, loadBalancers: [{ name: "x", nodes, colour: 1 }] })),
      /^loadBalancers\[0\]\.colour: unknown field/,
    );
    assert.match(
      refusal(() => parseTargetGroup({ name: "x", targets: [{ id: "127.0.0.1", port: 1 }] }, "tg")),
      /^tg\.targets\[0\]\.zone: must be/,
    );
  });

  test("keeps to this machine: no listener and no target outside 127.0.0.0/8", () => {
    assert.match(
      refusal(() => parseLoadBalancer({ name: "x", nodes: [{ zone: "a", address: "0.0.0.0" }] }, "")),
      /^nodes\[0\]\.address: must be an address of 127/,
    );
    assert.match(
      refusal(() => parseTargetGroup({ name: "x", targets: [{ id: "10.0.0.1", port: 1, zone: "a" }] }, "tg")),
      /^tg\.targets\[0\]\.id: must be an address of 127/,
    );
  });

  test("refuses a listener that names what is not there, or is none of its load balancer's type", () => {
    const forward = { type: "forward", targetGroups: [{ name: "web" }] };
    const whole = { name: "x", nodes, targetGroups: [{ name: "web" }] };
    const listening = (listener: object, more: object = {}): string =>
      refusal(() => parseLoadBalancer({ ...whole, ...more, listeners: [{ port: 443, defaultAction: forward, ...listener }] }, ""));
    assert.equal(listening({}), "accepted");
    assert.match(listening({}, { targetGroups: [] }), /^listeners\[0\]: forwards to target group web/);
    assert.match(listening({ protocol: "HTTPS" }), /^listeners\[0\]\.tls\.certificates: must be/);
    assert.match(listening({ protocol: "HTTPS", tls: { certificates: ["arn:1"] } }), /^listeners\[0\]\.tls: names certificate arn:1/);
    assert.match(listening({ protocol: "TCP" }), /^listeners\[0\]\.protocol: TCP is none/);
    const fixed = { type: "fixed-response", statusCode: 404 };
    assert.match(listening({ protocol: "TCP", defaultAction: fixed }, { type: "network" }), /can only forward/);
  });

  test("refuses what AWS refuses", () => {
    const forward = { type: "forward", targetGroups: [{ name: "web" }] };
    const rule = (conditions: unknown): unknown => ({ priority: 1, conditions, action: forward });
    assert.match(
      refusal(() => parseTargetGroup({ name: "x", healthCheck: { matcher: "500" } }, "tg")),
      /matcher/,
    );
    assert.match(
      refusal(() => parseTargetGroup({ name: "x", healthCheck: { intervalMs: 1000, timeoutMs: 1001 } }, "tg")),
      /timeoutMs/,
    );
    assert.match(
      refusal(() => parseTargetGroup({ name: "x", slowStartMs: 30_000, algorithm: "least_outstanding_requests" }, "tg")),
      /slowStartMs/,
    );
    assert.match(
      refusal(() => parseTargetGroup({ name: "x", healthCheck: { unhealthyThreshold: 1 } }, "tg")),
      /from 2 to 10/,
    );
    const hosts = { field: "host-header", values: ["a"] };
    assert.match(
      refusal(() => parseRule(rule([hosts, hosts]), "r")),
      /at most one host-header/,
    );
    assert.match(
      refusal(() => parseRule(rule([{ field: "path-pattern", values: ["/*/*/*/*/*/*"] }]), "r")),
      /at most 5 wildcards/,
    );
    assert.match(
      refusal(() => parseRule(rule([{ field: "source-ip", values: ["10.0.0.0"] }]), "r")),
      /no IPv4 CIDR/,
    );
    const listener = { port: 80, defaultAction: forward, rules: [rule([hosts]), rule([hosts])] };
    assert.match(
      refusal(() => parseListener(listener, "l")),
      /1 is there twice/,
    );
    assert.match(
      refusal(() => parseListener({ port: 80, defaultAction: { type: "redirect", statusCode: 301 } }, "l")),
      /loops/,
    );
    assert.match(
      refusal(() => parseListener({ port: 80, defaultAction: { type: "fixed-response", statusCode: 302 } }, "l")),
      /2XX, 4XX or 5XX/,
    );
    assert.match(
      refusal(() => parseListener({ port: 80, defaultAction: { type: "forward", targetGroups: [] } }, "l")),
      /1 to 5 entries/,
    );
  });
});
