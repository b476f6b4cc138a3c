import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nextHealth, registeredHealth, type HealthEvent, type TargetHealth } from "./target-health.ts";

const thresholds = { healthyThreshold: 3, unhealthyThreshold: 2 };
const passed: HealthEvent = { type: "check-passed" };
const failed: HealthEvent = { type: "check-failed", reason: "Target.Timeout", description: "Request timed out" };
const draining: TargetHealth = { state: "draining", reason: "Target.DeregistrationInProgress" };
const unused: TargetHealth = { state: "unused", reason: "Target.NotInUse" };

function after(health: TargetHealth, ...events: readonly HealthEvent[]): TargetHealth {
  return events.reduce((current, event) => nextHealth(current, event, thresholds), health);
}

const healthy = after(registeredHealth, passed);
const unhealthy = after(healthy, failed, failed);

describe("the state of a target", () => {
  test("is initial, with its reason, until the first check decides", () => {
    assert.deepEqual(registeredHealth, { state: "initial", reason: "Elb.RegistrationInProgress", failures: 0 });
    assert.deepEqual(after(registeredHealth, { type: "check-began" }), {
      state: "initial",
      reason: "Elb.InitialHealthChecking",
      failures: 0,
    });
  });

  test("goes from initial to healthy by one pass, whatever the threshold", () => {
    assert.equal(after(registeredHealth, passed).state, "healthy");
  });

  test("goes from initial to unhealthy only by as many failures as the threshold says", () => {
    assert.equal(after(registeredHealth, failed).state, "initial");
    assert.deepEqual(after(registeredHealth, failed, failed), {
      state: "unhealthy",
      reason: "Target.Timeout",
      description: "Request timed out",
      passes: 0,
    });
  });

  test("goes from healthy to unhealthy only by consecutive failures", () => {
    assert.equal(after(healthy, failed, passed, failed).state, "healthy");
    assert.equal(after(healthy, failed, failed).state, "unhealthy");
  });

  test("goes from unhealthy to healthy only by consecutive passes", () => {
    assert.equal(after(unhealthy, passed, passed).state, "unhealthy");
    assert.equal(after(unhealthy, passed, passed, failed, passed, passed).state, "unhealthy");
    assert.equal(after(unhealthy, passed, passed, passed).state, "healthy");
  });

  test("keeps the reason of the newest failure", () => {
    const other: HealthEvent = {
      type: "check-failed",
      reason: "Target.ResponseCodeMismatch",
      description: "Health checks failed with these codes: [503]",
    };
    const health = after(unhealthy, other);
    assert.equal(health.state, "unhealthy");
    assert.equal(health.state === "unhealthy" ? health.reason : "", "Target.ResponseCodeMismatch");
  });

  test("is draining from any state when deregistered, and no check brings it back", () => {
    for (const health of [registeredHealth, healthy, unhealthy, unused]) {
      assert.deepEqual(after(health, { type: "deregistered" }), draining);
    }
    for (const event of [passed, failed, { type: "check-began" }, { type: "taken-in-use" }, { type: "taken-out-of-use" }] as const) {
      assert.equal(after(draining, event), draining, event.type);
    }
  });

  test("begins anew when a draining target is registered again", () => {
    assert.equal(after(draining, { type: "registered" }), registeredHealth);
  });

  test("is left alone when a registered target is registered again", () => {
    for (const health of [registeredHealth, healthy, unhealthy, unused]) assert.equal(after(health, { type: "registered" }), health);
  });

  test("is unused while no rule forwards to it, and begins anew when one does", () => {
    for (const health of [registeredHealth, healthy, unhealthy]) assert.deepEqual(after(health, { type: "taken-out-of-use" }), unused);
    assert.equal(after(unused, passed), unused);
    assert.equal(after(unused, failed), unused);
    assert.equal(after(unused, { type: "taken-in-use" }), registeredHealth);
  });

  test("is not begun anew by a check or by use when it is known already", () => {
    for (const health of [healthy, unhealthy]) {
      assert.equal(after(health, { type: "check-began" }), health);
      assert.equal(after(health, { type: "taken-in-use" }), health);
    }
  });
});
