import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../kernel/testing/manual-clock.ts";
import { type CircuitBreaker, type CircuitState, createCircuitBreaker } from "./index.ts";

const OPTIONS = { windowMs: 10_000, minimumCalls: 4, failureShare: 0.5, openMs: 1_000, openCapMs: 4_000 };

/** With `next: () => 1` the time open is the whole of `openMs`. */
function rig(): { clock: ManualClock; circuit: CircuitBreaker; states: CircuitState[] } {
  const clock = new ManualClock();
  const states: CircuitState[] = [];
  return {
    clock,
    states,
    circuit: createCircuitBreaker(OPTIONS, { clock, random: { next: () => 1 }, onChange: (state) => states.push(state) }),
  };
}

function calls(circuit: CircuitBreaker, ...outcomes: readonly ("success" | "failure" | "neutral")[]): void {
  for (const outcome of outcomes) {
    assert.ok(circuit.admit());
    circuit.record(outcome);
  }
}

test("a circuit opens when enough calls were made and their share of failures is reached, and not before", () => {
  const { circuit } = rig();
  calls(circuit, "failure", "failure", "failure");
  assert.equal(circuit.state, "closed");
  calls(circuit, "success");
  assert.equal(circuit.state, "open");
  assert.equal(circuit.admit(), false);
  assert.equal(circuit.retryInMs(), 1_000);
});

test("a circuit stays closed below the share, and neutral outcomes count as nothing", () => {
  const { circuit } = rig();
  calls(circuit, "failure", "neutral", "neutral", "neutral", "success", "success", "success", "failure", "neutral");
  assert.equal(circuit.state, "closed");
});

test("failures older than the window are forgotten", async () => {
  const { circuit, clock } = rig();
  calls(circuit, "failure", "failure", "failure");
  await clock.advance(10_001);
  calls(circuit, "failure");
  assert.equal(circuit.state, "closed");
});

test("an open circuit lets one probe through after its time, and closes when that succeeds", async () => {
  const { circuit, clock, states } = rig();
  calls(circuit, "failure", "failure", "failure", "failure");
  await clock.advance(999);
  assert.equal(circuit.admit(), false);
  await clock.advance(1);
  assert.equal(circuit.admit(), true);
  assert.equal(circuit.admit(), false, "one at a time");
  circuit.record("success");
  assert.deepEqual(states, ["open", "halfOpen", "closed"]);
  calls(circuit, "failure", "failure", "failure");
  assert.equal(circuit.state, "closed", "what was before it opened is forgotten");
});

test("a probe that fails opens the circuit for twice as long, up to the cap; a neutral one is tried again", async () => {
  const { circuit, clock } = rig();
  calls(circuit, "failure", "failure", "failure", "failure");
  for (const openMs of [1_000, 2_000, 4_000, 4_000]) {
    assert.equal(circuit.retryInMs(), openMs);
    await clock.advance(openMs);
    calls(circuit, "neutral", "failure");
  }
});

test("a call admitted before the circuit opened changes nothing when it ends", async () => {
  const { circuit, clock } = rig();
  assert.ok(circuit.admit());
  calls(circuit, "failure", "failure", "failure", "failure");
  circuit.record("success");
  assert.equal(circuit.state, "open");
  await clock.advance(1_000);
  assert.ok(circuit.admit());
});
