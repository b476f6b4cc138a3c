import assert from "node:assert/strict";
import { test } from "node:test";
import { balancer, targetGroup } from "../testing/elbv2-kit.ts";
import { type TestAccount, testAccount } from "../testing/test-account.ts";
import { at, listAt, textAt } from "../testing/xml.ts";
import type { Fault } from "./fault.ts";

const elb = "elasticloadbalancing";

const isReset = (error: Error): boolean => (error.cause as NodeJS.ErrnoException | undefined)?.code === "ECONNRESET";

/** Meets the next call of an action with a fault. */
function meet(account: TestAccount, action: string, fault: Fault, count = 1): void {
  account.faults.add({ id: fault.kind, action, from: 1, count, fault });
}

const names = async (account: TestAccount): Promise<readonly unknown[]> =>
  listAt((await account.call(elb, "DescribeLoadBalancers")).body, "DescribeLoadBalancersResult", "LoadBalancers").map((one) =>
    at(one, "LoadBalancerName"),
  );
const create = (account: TestAccount, name = "shop"): Promise<{ status: number; code: string | undefined }> =>
  account.call(elb, "CreateLoadBalancer", { Name: name, Subnets: ["subnet-a", "subnet-b"] });

test("throttle, error, reset and hang answer before anything is done", async (t) => {
  const account = await testAccount(t);
  meet(account, "CreateLoadBalancer", { kind: "throttle" });
  const throttled = await create(account);
  assert.deepEqual([throttled.status, throttled.code], [400, "Throttling"]);
  meet(account, "CreateLoadBalancer", { kind: "error", status: 503, code: "ServiceUnavailable" });
  const failed = await create(account);
  assert.deepEqual([failed.status, failed.code], [503, "ServiceUnavailable"]);
  meet(account, "CreateLoadBalancer", { kind: "reset" });
  await assert.rejects(create(account), isReset);
  meet(account, "CreateLoadBalancer", { kind: "hang" });
  await assert.rejects(account.call(elb, "CreateLoadBalancer", { Name: "shop", Subnets: ["subnet-a", "subnet-b"] }, { timeoutMs: 300 }), {
    name: "TimeoutError",
  });
  assert.deepEqual(await names(account), []);
  assert.deepEqual(
    account.faults.witness().map(({ rule, met }) => [rule.fault.kind, met]),
    [
      ["throttle", 1],
      ["error", 1],
      ["reset", 1],
      ["hang", 1],
    ],
  );
});

test("throttling is called by each service's own name", async (t) => {
  const account = await testAccount(t);
  account.faults.add({ id: "all", action: "*", from: 1, count: Infinity, fault: { kind: "throttle" } });
  const said = async (service: Parameters<TestAccount["call"]>[0], action: string): Promise<string> => {
    const { status, code } = await account.call(service, action);
    return `${status} ${String(code)}`;
  };
  assert.equal(await said(elb, "DescribeLoadBalancers"), "400 Throttling");
  assert.equal(await said("autoscaling", "DescribeAutoScalingGroups"), "400 Throttling");
  assert.equal(await said("ec2", "DescribeVpcs"), "503 RequestLimitExceeded");
  assert.equal(await said("acm", "ListCertificates"), "400 ThrottlingException");
});

test("lose-answer and fail-after do what was asked and do not say so", async (t) => {
  const account = await testAccount(t);
  meet(account, "CreateLoadBalancer", { kind: "lose-answer" });
  await assert.rejects(create(account), isReset);
  assert.deepEqual(await names(account), ["shop"]);
  meet(account, "CreateLoadBalancer", { kind: "fail-after" });
  const failed = await create(account, "other");
  assert.deepEqual([failed.status, failed.code], [500, "InternalFailure"]);
  assert.equal((await names(account)).length, 2);
});

test("no-effect says that it is done, and is not", async (t) => {
  const account = await testAccount(t);
  meet(account, "CreateLoadBalancer", { kind: "no-effect" });
  assert.equal((await create(account)).status, 200);
  assert.deepEqual(await names(account), []);
});

test("stale reads see the account as it was so long ago, and writes are not stale", async (t) => {
  const account = await testAccount(t);
  await create(account, "old");
  await account.clock.advance(5_000);
  await create(account, "new");
  await account.clock.advance(1_000);
  meet(account, "Describe*", { kind: "stale", ageMs: 3_000 });
  assert.deepEqual(await names(account), ["old"]);
  meet(account, "Describe*", { kind: "stale", ageMs: 3_600_000 }, 1);
  assert.equal((await names(account)).length, 0, "the oldest that is known");
  assert.equal((await names(account)).length, 2);
});

test("bodies in place of the answer are sent with 200", async (t) => {
  const account = await testAccount(t);
  await create(account);
  const body = async (kind: Extract<Fault, { kind: "body" }>["body"]): Promise<string> => {
    meet(account, "DescribeLoadBalancers", { kind: "body", body: kind });
    const { status, text } = await account.call(elb, "DescribeLoadBalancers");
    assert.equal(status, 200);
    return text;
  };
  assert.equal(await body("empty"), "");
  assert.match(await body("html"), /^<html>/);
  assert.equal(await body("json-object"), "{}");
  assert.match(await body("other-action"), /^<DescribeAccountAttributesResponse/);
  const cut = await body("truncated");
  const { text: whole } = await account.call(elb, "DescribeLoadBalancers");
  assert.equal(cut.length, Math.floor(whole.length / 2));
  assert.equal(whole.startsWith(cut.slice(0, 200)), true);
});

test("lists come back short, or not at all, without a word of it", async (t) => {
  const account = await testAccount(t);
  for (const name of ["a", "b", "c", "d"]) await create(account, name);
  meet(account, "DescribeLoadBalancers", { kind: "short-list", keep: "half" });
  assert.deepEqual(await names(account), ["a", "b"]);
  meet(account, "DescribeLoadBalancers", { kind: "short-list", keep: "none" });
  assert.deepEqual(await names(account), []);
  meet(account, "DescribeLoadBalancers", { kind: "no-list" });
  assert.match((await account.call(elb, "DescribeLoadBalancers")).text, /<DescribeLoadBalancersResult><\/DescribeLoadBalancersResult>/);
});

test("a field is missing wherever it stands, and something is listed that is not there", async (t) => {
  const account = await testAccount(t);
  const arn = await balancer(account, "shop");
  meet(account, "DescribeLoadBalancers", { kind: "missing-field", field: "SubnetId" });
  const { text } = await account.call(elb, "DescribeLoadBalancers");
  assert.match(text, /<AvailabilityZones><member><ZoneName>eu-central-1a<\/ZoneName><LoadBalancerAddresses>/);
  meet(account, "DescribeLoadBalancers", { kind: "phantom" });
  const { body } = await account.call(elb, "DescribeLoadBalancers");
  const arns = listAt(body, "DescribeLoadBalancersResult", "LoadBalancers").map((one) => textAt(one, "LoadBalancerArn"));
  assert.deepEqual(arns, [arn, arn.replace(/.{12}$/, "000000000000")]);
});

test("a permission that is missing is told in the service's words", async (t) => {
  const account = await testAccount(t);
  const fault = { kind: "error", status: 403, code: "AccessDenied", message: "User: lab is not authorized" } as const;
  account.faults.add({ id: "denied", action: "*", from: 1, count: Infinity, fault });
  const said = async (service: "ec2" | "acm" | typeof elb, action: string): Promise<string> => {
    const { status, code, text } = await account.call(service, action);
    assert.match(text, /User: lab is not authorized/);
    return `${status} ${String(code)}`;
  };
  assert.equal(await said(elb, "DescribeLoadBalancers"), "403 AccessDenied");
  assert.equal(await said("ec2", "DescribeVpcs"), "403 UnauthorizedOperation");
  assert.equal(await said("acm", "ListCertificates"), "400 AccessDeniedException");
});

test("the same token again leads around in a circle", async (t) => {
  const account = await testAccount(t);
  for (const name of ["a", "b", "c"]) await create(account, name);
  meet(account, "DescribeLoadBalancers", { kind: "same-token" }, 2);
  const page = async (marker?: string): Promise<{ names: readonly unknown[]; next: string }> => {
    const { body } = await account.call(elb, "DescribeLoadBalancers", { PageSize: 2, ...(marker === undefined ? {} : { Marker: marker }) });
    const result = at(body, "DescribeLoadBalancersResult");
    return { names: listAt(result, "LoadBalancers").map((one) => at(one, "LoadBalancerName")), next: textAt(result, "NextMarker") };
  };
  const first = await page();
  const second = await page(first.next);
  assert.deepEqual([second.names, second.next], [first.names, first.next]);
});

test("the same token is met by services of all protocols", async (t) => {
  const account = await testAccount(t);
  account.faults.add({ id: "all", action: "*", from: 1, count: Infinity, fault: { kind: "same-token" } });
  assert.match((await account.call("ec2", "DescribeVpcs", { NextToken: "YWZ0ZXIg" })).text, /<nextToken>YWZ0ZXIg<\/nextToken>/);
  assert.match((await account.call("autoscaling", "DescribeAutoScalingGroups")).text, /<NextToken>YWZ0ZXIg<\/NextToken>/);
  assert.match((await account.call("acm", "ListCertificates")).text, /"NextToken":"YWZ0ZXIg"/);
  assert.match((await account.call("iam", "ListServerCertificates")).text, /<IsTruncated>true<\/IsTruncated><Marker>YWZ0ZXIg<\/Marker>/);
  assert.equal(
    (await account.call("ec2", "CreateTags", { ResourceId: ["vpc-1"], Tag: [{ Key: "a", Value: "1" }] })).status,
    200,
    "an action without pages",
  );
});

test("an unknown state is one that no document names", async (t) => {
  const account = await testAccount(t);
  await balancer(account, "shop");
  const group = await targetGroup(account, "pods");
  await account.call(elb, "RegisterTargets", { TargetGroupArn: group, Targets: [{ Id: "10.0.0.5" }] });
  account.faults.add({ id: "all", action: "Describe*", from: 1, count: Infinity, fault: { kind: "unknown-enum" } });
  assert.match((await account.call(elb, "DescribeLoadBalancers")).text, /<State><Code>banana<\/Code><\/State>/);
  assert.match((await account.call(elb, "DescribeTargetHealth", { TargetGroupArn: group })).text, /<TargetHealth><State>banana<\/State>/);
  assert.match((await account.call("ec2", "DescribeVpcs")).text, /<state>banana<\/state>/);
});

test("a rule meets the calls that it names, and the first rule wins", async (t) => {
  const account = await testAccount(t);
  account.faults.add({
    id: "second",
    service: elb,
    action: "Describe*",
    from: 2,
    count: 1,
    fault: { kind: "error", status: 500, code: "First" },
  });
  account.faults.add({
    id: "all",
    action: "DescribeTargetGroups",
    from: 1,
    count: Infinity,
    fault: { kind: "error", status: 500, code: "Second" },
  });
  const code = async (service: "ec2" | typeof elb, action: string): Promise<string | undefined> =>
    (await account.call(service, action)).code;
  assert.equal(await code(elb, "DescribeLoadBalancers"), undefined);
  assert.equal(await code("ec2", "DescribeVpcs"), undefined, "of another service");
  assert.equal(await code(elb, "DescribeTargetGroups"), "First");
  assert.equal(await code(elb, "DescribeTargetGroups"), "Second");
  assert.deepEqual(
    account.faults.witness().map(({ seen, met }) => [seen, met]),
    [
      [3, 1],
      [2, 1],
    ],
  );
  assert.equal(account.faults.remove("all"), true);
  assert.equal(account.faults.remove("all"), false);
  assert.equal(await code(elb, "DescribeTargetGroups"), undefined);
  assert.deepEqual(
    account.calls.filter(({ fault }) => fault !== undefined).map(({ action, error }) => `${action} ${String(error)}`),
    ["DescribeTargetGroups First", "DescribeTargetGroups Second"],
  );
});
