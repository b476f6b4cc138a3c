import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError, seededRandom, systemClock } from "../kernel/index.ts";
import { MetricsRegistry, prometheusText } from "../telemetry/index.ts";
import { createAttemptMeter } from "./attempt-meter.ts";
import { AwsCalls } from "./calls.ts";
import { awsError } from "./errors.ts";
import { createGovernor } from "./governor.ts";
import { Service, tokenIn } from "./service.ts";

function rig() {
  const metrics = new MetricsRegistry();
  const governor = createGovernor({ clock: systemClock, random: seededRandom(1), metrics });
  const calls = new AwsCalls({
    governor,
    times: { timeoutMs: 10_000, attemptTimeoutMs: 5_000 },
    onExpiredCredentials: () => undefined,
    meter: createAttemptMeter(metrics),
    nowMs: () => systemClock.monoMs(),
  });
  const service = new Service("elasticloadbalancing", calls, () => Promise.resolve({ destroy: () => undefined }));
  return { service, governor, metrics };
}

test("a mistake of this program in reading answers is made once, named as ours, and opens no circuit breaker", async () => {
  const { service, governor } = rig();
  let sent = 0;
  for (let at = 1; at <= 10; at++) {
    const read = (): never => {
      const nothing = undefined as unknown as { readonly length: number };
      throw new Error(String(nothing.length));
    };
    const send = (): Promise<object> => {
      sent++;
      return Promise.resolve({});
    };
    await assert.rejects(service.call("DescribeTags", "read", send, read), { code: "AWS_MISTAKE", message: /please report it/ });
    assert.equal(sent, at);
  }
  assert.deepEqual(governor.openCircuits(), []);
  assert.equal(governor.isOpen("elasticloadbalancing", "describe"), false);
});

test("what the SDK cannot read is the answer's fault, and what Node refuses to send or cannot reach counts as not reached", () => {
  const unread = Object.assign(new TypeError("Cannot read properties of undefined"), { $response: {} });
  assert.equal(awsError(unread, "DescribeTags").code, "AWS_UNREADABLE");
  const refused = Object.assign(new TypeError("Invalid character in header"), { code: "ERR_INVALID_CHAR" });
  assert.equal(awsError(refused, "DescribeTags").code, "AWS_UNAVAILABLE");
  assert.equal(awsError(Object.assign(new Error("connect"), { code: "ECONNREFUSED" }), "DescribeTags").code, "AWS_UNAVAILABLE");
  const known = new AppError("AWS_INCOMPLETE", "x");
  assert.equal(awsError(known, "DescribeTags"), known);
});

test("answers that are not believed are counted by action and reason, those that are not as a list of pages too", async () => {
  const { service, metrics } = rig();
  const paging = { entries: "Tags", read: () => "one", keyOf: String, next: tokenIn("NextMarker") };
  await assert.rejects(
    service.list("DescribeTags", paging, () => Promise.resolve({ Tags: [{}, {}], NextMarker: "again" })),
    { code: "AWS_PAGES" },
  );
  const short = (): Promise<object> => Promise.reject(new AppError("AWS_INCOMPLETE", "lacks its list"));
  await assert.rejects(service.call("DescribeListeners", "read", short), { code: "AWS_INCOMPLETE" });
  const denied = (): Promise<object> => Promise.reject(Object.assign(new Error("no"), { name: "AccessDenied" }));
  await assert.rejects(service.call("DescribeRules", "read", denied), { code: "AWS_DENIED" });
  const lines = prometheusText
    .render(metrics.dump())
    .split("\n")
    .filter((line) => line.startsWith("aws_api_implausible_answers_total"));
  assert.deepEqual(lines.toSorted(), [
    'aws_api_implausible_answers_total{service="elasticloadbalancing",action="DescribeListeners",code="AWS_INCOMPLETE"} 1',
    'aws_api_implausible_answers_total{service="elasticloadbalancing",action="DescribeTags",code="AWS_PAGES"} 2',
  ]);
});
