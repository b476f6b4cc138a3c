import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError } from "../../kernel/index.ts";
import { CLAIM_OPTIONS, ingressOf } from "../testing/objects.ts";
import { readClaim } from "./to-claim.ts";

const A = "alb.ingress.kubernetes.io/";

function refusalOf(annotations: Readonly<Record<string, string>>): string {
  try {
    readClaim(ingressOf("web", { annotations }), CLAIM_OPTIONS);
  } catch (error) {
    assert.ok(error instanceof AppError && error.code === "ALB_ANNOTATION");
    return error.message;
  }
  throw new Error("it was read");
}

test("All annotations that cannot be used are told at once, those whose values are wrong first, by name", () => {
  assert.deepEqual(
    refusalOf({
      "zalando.org/aws-load-balancer-shared": "perhaps",
      [`${A}scheme`]: "intern",
      [`${A}group.name`]: "team-a",
      [`${A}healthcheck-interval-seconds`]: "1",
      [`${A}target-group-attributes`]: "stickiness=on",
    }).split("; "),
    [
      `annotation ${A}healthcheck-interval-seconds: expected a whole number from 5 to 300, got "1"`,
      `annotation ${A}scheme: expected internet-facing or internal, got "intern"`,
      'annotation zalando.org/aws-load-balancer-shared: expected true or false, got "perhaps"',
      `annotation ${A}target-group-attributes: expected an attribute of AWS, such as deregistration_delay.timeout_seconds, load_balancing.cross_zone.enabled, stickiness.enabled, got "stickiness"`,
    ],
  );
});

test("While its type cannot be read, nothing is said against what one of the types would refuse", () => {
  const attributes = { [`${A}load-balancer-attributes`]: "dns_record.client_routing_policy=any_availability_zone" };
  const ports = { [`${A}listen-ports`]: '[{"TCP": 80}]' };
  const wrong = 'annotation zalando.org/aws-load-balancer-type: expected alb or nlb, got "nbl"';
  assert.equal(refusalOf({ ...attributes, ...ports, "zalando.org/aws-load-balancer-type": "nbl" }), wrong);
  assert.equal(refusalOf({ ...attributes, ...ports }).split("; ").length, 2);
});

test("However much is wrong, what is told fits into an Event, and says how much there is besides", () => {
  const names = [
    "scheme",
    "subnets",
    "listen-ports",
    "ssl-redirect",
    "ssl-policy",
    "success-codes",
    "healthcheck-path",
    "healthcheck-port",
  ];
  const more = [
    "healthcheck-protocol",
    "healthcheck-timeout-seconds",
    "healthy-threshold-count",
    "unhealthy-threshold-count",
    "target-type",
  ];
  const message = refusalOf(Object.fromEntries([...names, ...more].map((name) => [A + name, `,${"x ".repeat(200)}`])));
  assert.ok(message.length < 950, `${message.length} characters`);
  assert.match(message, /; and \d more$/);
});
