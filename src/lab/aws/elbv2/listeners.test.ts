import assert from "node:assert/strict";
import { test } from "node:test";
import { balancer, certificate, forward, listener, targetGroup } from "../testing/elbv2-kit.ts";
import { type TestAccount, testAccount } from "../testing/test-account.ts";
import { at, listAt, textAt } from "../testing/xml.ts";

const elb = "elasticloadbalancing";

interface Shop {
  readonly account: TestAccount;
  readonly arn: string;
  readonly group: string;
  create(more: Readonly<Record<string, unknown>>): Promise<string | undefined>;
}

async function shop(account: TestAccount): Promise<Shop> {
  const arn = await balancer(account, "shop");
  const group = await targetGroup(account, "pods");
  const create: Shop["create"] = async (more) =>
    (
      await account.call(elb, "CreateListener", {
        LoadBalancerArn: arn,
        Protocol: "HTTP",
        Port: 80,
        DefaultActions: [forward(group)],
        ...more,
      })
    ).code;
  return { account, arn, group, create };
}

const certificatesOf = async (account: TestAccount, of: string): Promise<readonly string[]> =>
  listAt(
    (await account.call(elb, "DescribeListenerCertificates", { ListenerArn: of })).body,
    "DescribeListenerCertificatesResult",
    "Certificates",
  )
    .map((one) => `${textAt(one, "CertificateArn")} ${textAt(one, "IsDefault")}`)
    .sort();

test("a port has one listener, which the same settings find again", async (t) => {
  const { account, arn, group, create } = await shop(await testAccount(t));
  const of = await listener(account, arn, group);
  assert.match(of, /:listener\/app\/shop\/[0-9a-f]{16}\/[0-9a-f]{16}$/);
  assert.equal(await listener(account, arn, group), of);
  assert.equal(
    await create({ DefaultActions: [{ Type: "fixed-response", FixedResponseConfig: { StatusCode: "404" } }] }),
    "DuplicateListener",
  );
  const { body } = await account.call(elb, "DescribeListeners", { LoadBalancerArn: arn });
  assert.equal(listAt(body, "DescribeListenersResult", "Listeners").length, 1);
  assert.equal(at(body, "DescribeListenersResult", "Listeners", 0, "DefaultActions", 0, "TargetGroupArn"), group);
});

test("a listener of HTTPS has exactly one default certificate that exists and a policy that is known", async (t) => {
  const { account, arn, group, create } = await shop(await testAccount(t));
  const one = await certificate(account, "one.example");
  const two = await certificate(account, "two.example");
  const none = one.replace(/.{12}$/, "000000000000");
  const https = { Protocol: "HTTPS", Port: 443 };
  assert.equal(await create(https), "ValidationError");
  assert.equal(await create({ ...https, Certificates: [{ CertificateArn: one }, { CertificateArn: two }] }), "TooManyCertificates");
  assert.equal(await create({ ...https, Certificates: [{ CertificateArn: none }] }), "CertificateNotFound");
  assert.equal(
    await create({ ...https, Certificates: [{ CertificateArn: one }], SslPolicy: "ELBSecurityPolicy-None" }),
    "SSLPolicyNotFound",
  );
  assert.equal(await create({ Certificates: [{ CertificateArn: one }] }), "InvalidConfigurationRequest", "HTTP has none");
  assert.equal(await create({ Protocol: "TCP" }), "UnsupportedProtocol");
  const of = await listener(account, arn, group, { ...https, Certificates: [{ CertificateArn: one }] });
  const { body } = await account.call(elb, "DescribeListeners", { ListenerArns: [of] });
  assert.equal(at(body, "DescribeListenersResult", "Listeners", 0, "SslPolicy"), "ELBSecurityPolicy-2016-08");
});

test("further certificates are added, listed and removed; the default one can only be replaced", async (t) => {
  const { account, arn, group } = await shop(await testAccount(t));
  const [one, two, three] = [
    await certificate(account, "one.example"),
    await certificate(account, "two.example"),
    await certificate(account, "three.example"),
  ];
  const of = await listener(account, arn, group, { Protocol: "HTTPS", Port: 443, Certificates: [{ CertificateArn: one }] });
  const change = async (
    action: "AddListenerCertificates" | "RemoveListenerCertificates",
    ...arns: readonly string[]
  ): Promise<string | undefined> =>
    (await account.call(elb, action, { ListenerArn: of, Certificates: arns.map((cert) => ({ CertificateArn: cert })) })).code;
  assert.equal(await change("AddListenerCertificates", two), undefined);
  assert.equal(await change("AddListenerCertificates", two, three), undefined, "what is there is added already");
  assert.deepEqual(await certificatesOf(account, of), [`${one} true`, `${two} false`, `${three} false`].sort());
  assert.equal(await change("RemoveListenerCertificates", one), "OperationNotPermitted");
  assert.equal(await change("RemoveListenerCertificates", three), undefined);
  assert.equal(await change("RemoveListenerCertificates", three), undefined, "what is gone is removed already");
  await account.call(elb, "ModifyListener", { ListenerArn: of, Certificates: [{ CertificateArn: three }] });
  assert.deepEqual(await certificatesOf(account, of), [`${three} true`, `${two} false`].sort(), "a new default leaves the others alone");
  assert.equal((await account.call("acm", "DeleteCertificate", { CertificateArn: two })).code, "ResourceInUseException");
  assert.equal((await account.call("acm", "DeleteCertificate", { CertificateArn: one })).code, undefined);
});

test("twenty-five certificates fit beside the default one", async (t) => {
  const account = await testAccount(t);
  const { arn, group } = await shop(account);
  const first = await certificate(account, "default.example");
  const of = await listener(account, arn, group, { Protocol: "HTTPS", Port: 443, Certificates: [{ CertificateArn: first }] });
  const add = async (n: number): Promise<string | undefined> =>
    (
      await account.call(elb, "AddListenerCertificates", {
        ListenerArn: of,
        Certificates: [{ CertificateArn: await certificate(account, `${n}.example`) }],
      })
    ).code;
  for (let n = 1; n <= 25; n++) assert.equal(await add(n), undefined);
  assert.equal(await add(26), "TooManyCertificates");
  assert.equal((await certificatesOf(account, of)).length, 26);
});

test("a listener becomes one of HTTP when it is told so, without its certificates", async (t) => {
  const { account, arn, group } = await shop(await testAccount(t));
  const cert = await certificate(account, "one.example");
  const of = await listener(account, arn, group, { Protocol: "HTTPS", Port: 443, Certificates: [{ CertificateArn: cert }] });
  assert.equal((await account.call(elb, "ModifyListener", { ListenerArn: of, Protocol: "HTTP" })).code, undefined);
  const { body } = await account.call(elb, "DescribeListeners", { ListenerArns: [of] });
  const shown = at(body, "DescribeListenersResult", "Listeners", 0);
  assert.deepEqual([at(shown, "Protocol"), at(shown, "Certificates"), at(shown, "SslPolicy")], ["HTTP", undefined, undefined]);
});

test("actions are as AWS wants them", async (t) => {
  const { account, group, create } = await shop(await testAccount(t));
  const redirect = { Type: "redirect", RedirectConfig: { Protocol: "HTTPS", Port: "443", StatusCode: "HTTP_301" } };
  const weighted = (weight: number): object => ({
    Type: "forward",
    ForwardConfig: { TargetGroups: [{ TargetGroupArn: group, Weight: weight }] },
  });
  const refused = (...actions: readonly object[]): Promise<string | undefined> => create({ DefaultActions: actions });
  assert.equal(await refused(forward(group), redirect), "ValidationError", "two that answer");
  assert.equal(await refused({ Type: "redirect" }), "ValidationError");
  assert.equal(await refused({ Type: "redirect", RedirectConfig: { StatusCode: "HTTP_301" } }), "InvalidLoadBalancerAction", "to itself");
  assert.equal(await refused({ Type: "forward" }), "ValidationError");
  assert.equal(await refused(weighted(1000)), "ValidationError");
  assert.equal(await refused(forward(group.replace(/.{16}$/, "0123456789abcdef"))), "TargetGroupNotFound");
  assert.equal(await refused(forward(await targetGroup(account, "tcp", { Protocol: "TCP" }))), "IncompatibleProtocols");
  assert.equal(await refused({ Type: "fixed-response", FixedResponseConfig: { StatusCode: "302" } }), "ValidationError");
  assert.equal(await refused(redirect), undefined);
});

test("a target group is used by one load balancer only", async (t) => {
  const { account, group, create } = await shop(await testAccount(t));
  assert.equal(await create({}), undefined);
  const other = await balancer(account, "other");
  const asked = { LoadBalancerArn: other, Protocol: "HTTP", Port: 80, DefaultActions: [forward(group)] };
  assert.equal((await account.call(elb, "CreateListener", asked)).code, "TargetGroupAssociationLimit");
});

test("attributes of listeners are those of their protocol", async (t) => {
  const { account } = await shop(await testAccount(t));
  const net = await balancer(account, "net", { Type: "network" });
  const of = await listener(account, net, await targetGroup(account, "tcp", { Protocol: "TCP" }), { Protocol: "TCP" });
  const set = async (key: string, value: string): Promise<string | undefined> =>
    (await account.call(elb, "ModifyListenerAttributes", { ListenerArn: of, Attributes: [{ Key: key, Value: value }] })).code;
  assert.equal(await set("tcp.idle_timeout.seconds", "59"), "ValidationError");
  assert.equal(await set("tcp.idle_timeout.seconds", "6000"), undefined);
  const { body } = await account.call(elb, "DescribeListenerAttributes", { ListenerArn: of });
  assert.deepEqual(at(body, "DescribeListenerAttributesResult", "Attributes"), [{ Key: "tcp.idle_timeout.seconds", Value: "6000" }]);
});

test("a load balancer uses a hundred target groups and has a hundred rules", async (t) => {
  const { account, arn, group } = await shop(await testAccount(t));
  const of = await listener(account, arn, group);
  const rule = async (priority: number, to: string): Promise<string | undefined> => {
    const conditions = [{ Field: "host-header", Values: [`${priority}.example`] }];
    return (await account.call(elb, "CreateRule", { ListenerArn: of, Priority: priority, Conditions: conditions, Actions: [forward(to)] }))
      .code;
  };
  for (let n = 1; n < 100; n++) assert.equal(await rule(n, await targetGroup(account, `g${n}`)), undefined);
  assert.equal(await rule(100, await targetGroup(account, "g100")), "TooManyUniqueTargetGroupsPerLoadBalancer");
  assert.equal(await rule(100, group), undefined);
  assert.equal(await rule(101, group), "TooManyRules");
});

test("rules have a priority each, which can change places all at once", async (t) => {
  const { account, arn, group } = await shop(await testAccount(t));
  const of = await listener(account, arn, group);
  const rule = async (
    priority: number,
    conditions: readonly object[] = [{ Field: "host-header", Values: [`${priority}.example`] }],
  ): Promise<{ arn: string; code: string | undefined }> => {
    const { body, code } = await account.call(elb, "CreateRule", {
      ListenerArn: of,
      Priority: priority,
      Conditions: conditions,
      Actions: [forward(group)],
    });
    return { arn: textAt(body, "CreateRuleResult", "Rules", 0, "RuleArn"), code };
  };
  const one = await rule(1);
  const two = await rule(2);
  assert.equal((await rule(1)).code, "PriorityInUse");
  assert.equal((await rule(50_001)).code, "ValidationError");
  assert.equal((await rule(3, [])).code, "ValidationError");
  assert.equal((await rule(3, [{ Field: "host-header", Values: ["a", "b", "c", "d", "e", "f"] }])).code, "ValidationError", "six values");
  assert.equal((await rule(3, [{ Field: "path-pattern", Values: ["*?*?*?"] }])).code, "ValidationError", "six wildcards");
  assert.equal(
    (
      await rule(3, [
        { Field: "host-header", Values: ["a"] },
        { Field: "host-header", Values: ["b"] },
      ])
    ).code,
    "ValidationError",
  );
  const swapped = [
    { RuleArn: one.arn, Priority: 2 },
    { RuleArn: two.arn, Priority: 1 },
  ];
  assert.equal((await account.call(elb, "SetRulePriorities", { RulePriorities: swapped })).code, undefined);
  assert.equal(
    (await account.call(elb, "SetRulePriorities", { RulePriorities: [{ RuleArn: one.arn, Priority: 1 }] })).code,
    "PriorityInUse",
  );
  const { body } = await account.call(elb, "DescribeRules", { ListenerArn: of });
  const all = listAt(body, "DescribeRulesResult", "Rules").map((shown) => `${textAt(shown, "Priority")} ${textAt(shown, "IsDefault")}`);
  assert.deepEqual(all.sort(), ["1 false", "2 false", "default true"]);
  assert.equal((await account.call(elb, "DeleteRule", { RuleArn: one.arn })).code, undefined);
  assert.equal((await account.call(elb, "DeleteRule", { RuleArn: one.arn })).code, "RuleNotFound");
});

test("tags are added, replaced and removed on all that has an ARN", async (t) => {
  const { account, arn, group } = await shop(await testAccount(t));
  const of = await listener(account, arn, group);
  const change = { ResourceArns: [arn, group, of], Tags: [{ Key: "a", Value: "1" }, { Key: "b" }] };
  assert.equal((await account.call(elb, "AddTags", change)).code, undefined);
  await account.call(elb, "AddTags", { ResourceArns: [arn], Tags: [{ Key: "a", Value: "2" }] });
  await account.call(elb, "RemoveTags", { ResourceArns: [group], TagKeys: ["a", "none"] });
  const { body } = await account.call(elb, "DescribeTags", { ResourceArns: [arn, group, of] });
  const shown = listAt(body, "DescribeTagsResult", "TagDescriptions").map((one) =>
    listAt(one, "Tags")
      .map((tag) => `${textAt(tag, "Key")}=${textAt(tag, "Value")}`)
      .join(),
  );
  assert.deepEqual(shown, ["a=2,b=", "b=", "a=1,b="]);
  const many = Array.from({ length: 51 }, (_one, n) => ({ Key: `k${n}`, Value: "" }));
  assert.equal((await account.call(elb, "AddTags", { ResourceArns: [arn], Tags: many })).code, "TooManyTags");
  assert.equal((await account.call(elb, "DescribeTags", { ResourceArns: ["arn:aws:s3:::bucket"] })).code, "ValidationError");
  const reserved = { ResourceArns: [arn], Tags: [{ Key: "aws:a", Value: "1" }] };
  assert.equal((await account.call(elb, "AddTags", reserved)).code, "ValidationError", "keys that begin with aws: are AWS's");
});

test("the default rule is described, and only its listener can change it", async (t) => {
  const { account, arn, group } = await shop(await testAccount(t));
  const of = await listener(account, arn, group);
  const { body } = await account.call(elb, "DescribeRules", { ListenerArn: of });
  const rule = textAt(body, "DescribeRulesResult", "Rules", 0, "RuleArn");
  const byArn = await account.call(elb, "DescribeRules", { RuleArns: [rule] });
  assert.equal(textAt(byArn.body, "DescribeRulesResult", "Rules", 0, "IsDefault"), "true");
  const changes: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ["DeleteRule", { RuleArn: rule }],
    ["ModifyRule", { RuleArn: rule, Actions: [forward(group)] }],
    ["SetRulePriorities", { RulePriorities: [{ RuleArn: rule, Priority: 4 }] }],
  ];
  for (const [action, input] of changes) assert.equal((await account.call(elb, action, input)).code, "OperationNotPermitted", action);
  const none = rule.replace(/\w{16}\/default$/, "0123456789abcdef/default");
  assert.equal((await account.call(elb, "DeleteRule", { RuleArn: none })).code, "RuleNotFound");
});
