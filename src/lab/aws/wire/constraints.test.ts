import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { violationOf } from "./constraints.ts";
import { type Shape, readServiceModel } from "./service-model.ts";

const FOLDER = new URL("../shapes/", import.meta.url);
/** Services whose shapes are kept for later; nothing is checked against them yet. */
const NOT_SERVED: ReadonlySet<string> = new Set(["cloudwatch", "wafv2"]);

const patterns = readdirSync(FOLDER)
  .map((file) => file.replace(".jsonl", ""))
  .filter((service) => !NOT_SERVED.has(service))
  .flatMap((service) => {
    const [, ...lines] = readFileSync(new URL(`${service}.jsonl`, FOLDER), "utf8")
      .trimEnd()
      .split("\n");
    const rows = lines.map((line) => JSON.parse(line) as [string, Shape]);
    return rows.flatMap(([name, { pattern }]) => (pattern === undefined ? [] : [{ service, name, pattern }]));
  });

test("every pattern of the services compiles as it is used", () => {
  assert.ok(patterns.length > 20);
  for (const { service, name, pattern } of patterns) assert.doesNotThrow(() => new RegExp(`^(?:${pattern})$`, "u"), `${service} ${name}`);
});

test("no pattern has a part that means something else in Java", () => {
  // Java's `.` stops at U+0085 and its \s knows ASCII only; its classes have && and unions, its quantifiers can be possessive, its \p{…} POSIX names.
  const differs = /(?<!\\)\.(?![^[]*\])|\\[sSbBzZGQE]|&&|[*+?}]\+|\[[^\]]*(?<!\\)\[|\\p\{(?![LNZ]\})/;
  for (const { service, name, pattern } of patterns) assert.doesNotMatch(pattern, differs, `${service} ${name}`);
});

test("a pattern holds for the whole value", () => {
  const model = readServiceModel("elbv2");
  const violation = (key: string): string | undefined =>
    violationOf(model, "ModifyLoadBalancerAttributesInput", { LoadBalancerArn: "a", Attributes: [{ Key: key, Value: "1" }] })?.message;
  assert.equal(violation("idle_timeout.timeout_seconds"), undefined);
  assert.match(
    violation("idle timeout") ?? "",
    /at 'attributes.1.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern/,
  );
  assert.match(violation("idle_timeout\n") ?? "", /regular expression/);
});

test("patterns of the range beyond the basic plane hold letters of it, as in Java", () => {
  const model = readServiceModel("autoscaling");
  const violation = (name: string): string | undefined =>
    violationOf(model, "DescribeTrafficSourcesRequest", { AutoScalingGroupName: name })?.message;
  assert.equal(violation("nodes \u{1F600}"), undefined);
  assert.match(violation("nodes\u0000") ?? "", /regular expression/);
});
