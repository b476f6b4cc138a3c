import assert from "node:assert/strict";
import { test } from "node:test";
import { LAB_KEY, testAccount } from "../testing/test-account.ts";
import { at } from "../testing/xml.ts";

const elb = "elasticloadbalancing";

test("who signed well is known, and each service says in its own words who did not", async (t) => {
  const account = await testAccount(t);
  const { body, requestId } = await account.call("sts", "GetCallerIdentity");
  assert.equal(at(body, "GetCallerIdentityResult", "Arn"), "arn:aws:iam::123456789012:user/lab");
  assert.equal(at(body, "ResponseMetadata", "RequestId"), requestId);
  const wrong = { key: { ...LAB_KEY, secret: "wrong" } };
  const unknown = { key: { ...LAB_KEY, id: "AKIANONE" } };
  const said = async (service: "ec2" | "acm" | typeof elb, action: string, how: object): Promise<string> => {
    const { status, code } = await account.call(service, action, {}, how);
    return `${status} ${String(code)}`;
  };
  assert.equal(await said(elb, "DescribeLoadBalancers", wrong), "403 SignatureDoesNotMatch");
  assert.equal(await said(elb, "DescribeLoadBalancers", unknown), "403 InvalidClientTokenId");
  assert.equal(await said(elb, "DescribeLoadBalancers", { skewMs: 301_000 }), "403 SignatureDoesNotMatch");
  assert.equal(await said("ec2", "DescribeVpcs", wrong), "401 AuthFailure");
  assert.equal(await said("ec2", "DescribeVpcs", unknown), "401 AuthFailure");
  assert.equal(await said("acm", "ListCertificates", wrong), "400 InvalidSignatureException");
  assert.equal(await said("acm", "ListCertificates", unknown), "400 UnrecognizedClientException");
});

test("an action that is not there is refused, as is one of another version", async (t) => {
  const account = await testAccount(t);
  assert.equal((await account.call(elb, "DescribeNothing")).code, "InvalidAction");
  assert.equal((await account.call("ec2", "RunInstances")).code, "InvalidAction");
  assert.equal((await account.call("acm", "ExportCertificate")).code, "UnknownOperationException");
});

test("what is not signed is told so", async (t) => {
  const account = await testAccount(t);
  const response = await fetch(account.url, { method: "POST", body: "Action=GetCallerIdentity&Version=2011-06-15" });
  assert.equal(response.status, 403);
  assert.match(await response.text(), /<Code>MissingAuthenticationToken<\/Code>/);
});

test("a body that is too long ends the connection and not the server", async (t) => {
  const account = await testAccount(t);
  await assert.rejects(fetch(account.url, { method: "POST", body: "x".repeat(2_000_000) }));
  assert.equal((await account.call("sts", "GetCallerIdentity")).status, 200);
});

test("every call is told with its fault and its error", async (t) => {
  const account = await testAccount(t);
  await account.call(elb, "DescribeLoadBalancers", { Names: ["none"] });
  await account.call("ec2", "CreateTags", { ResourceId: ["vpc-1"], Tag: [{ Key: "a", Value: "1" }] });
  assert.deepEqual(account.calls, [
    { service: elb, action: "DescribeLoadBalancers", fault: undefined, isWrite: false, error: "LoadBalancerNotFound" },
    { service: "ec2", action: "CreateTags", fault: undefined, isWrite: true, error: undefined },
  ]);
});
