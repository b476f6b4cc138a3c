import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestKey } from "../testing/sign.ts";
import { type Answer, testAccount } from "../testing/test-account.ts";
import { at, textAt } from "../testing/xml.ts";

const ROLE = "arn:aws:iam::123456789012:role/holdfast-alb";
const SUBJECT = "system:serviceaccount:kube-system:holdfast-alb";
const roles = new Map([
  [ROLE, { trusts: (who: string) => who === "arn:aws:iam::123456789012:user/lab" || who === SUBJECT, maxSessionSeconds: 7_200 }],
]);

function keyIn(answer: Answer, action: string): TestKey {
  const credentials = at(answer.body, `${action}Result`, "Credentials");
  const field = (name: string): string => {
    const held = textAt(credentials, name);
    assert.notEqual(held, "", answer.text);
    return held;
  };
  return { id: field("AccessKeyId"), secret: field("SecretAccessKey"), sessionToken: field("SessionToken") };
}

test("a role that is assumed gives keys that sign, need their token, and expire", async (t) => {
  const account = await testAccount(t, { roles });
  const key = keyIn(await account.call("sts", "AssumeRole", { RoleArn: ROLE, RoleSessionName: "me", DurationSeconds: 900 }), "AssumeRole");
  const { body } = await account.call("sts", "GetCallerIdentity", {}, { key });
  assert.equal(at(body, "GetCallerIdentityResult", "Arn"), "arn:aws:sts::123456789012:assumed-role/holdfast-alb/me");
  assert.match(textAt(body, "GetCallerIdentityResult", "UserId"), /^AROA[0-9A-F]{17}:me$/);
  assert.equal((await account.call("elasticloadbalancing", "DescribeLoadBalancers", {}, { key })).status, 200);
  const { sessionToken: _token, ...bare } = key;
  assert.equal((await account.call("sts", "GetCallerIdentity", {}, { key: bare })).code, "InvalidClientTokenId");
  assert.equal(
    (await account.call("sts", "GetCallerIdentity", {}, { key: { ...key, sessionToken: "other" } })).code,
    "InvalidClientTokenId",
  );
  await account.clock.advance(900_000);
  assert.equal((await account.call("sts", "GetCallerIdentity", {}, { key })).code, "ExpiredToken");
  assert.equal((await account.call("acm", "ListCertificates", {}, { key })).code, "ExpiredTokenException");
  assert.equal((await account.call("ec2", "DescribeVpcs", {}, { key })).code, "RequestExpired");
});

test("who is not trusted, and who asks for too long, gets no keys", async (t) => {
  const account = await testAccount(t, { roles });
  const assume = async (input: object, key?: TestKey): Promise<string | undefined> =>
    (await account.call("sts", "AssumeRole", { RoleArn: ROLE, RoleSessionName: "me", ...input }, key === undefined ? {} : { key })).code;
  assert.equal(await assume({ RoleArn: "arn:aws:iam::123456789012:role/other" }), "AccessDenied");
  assert.equal(await assume({ DurationSeconds: 7_201 }), "ValidationError");
  assert.equal(await assume({ DurationSeconds: 899 }), "ValidationError");
  const key = keyIn(await account.call("sts", "AssumeRole", { RoleArn: ROLE, RoleSessionName: "me" }), "AssumeRole");
  assert.equal(await assume({}, key), "AccessDenied", "the role does not trust itself");
});

test("a workload gets keys for its token, unsigned", async (t) => {
  const verifyToken = (token: string): { subject: string; audience: string; provider: string } | "expired" | "invalid" =>
    token === "good" || token === "other"
      ? {
          subject: token === "good" ? SUBJECT : "system:serviceaccount:default:other",
          audience: "sts.amazonaws.com",
          provider: "arn:aws:iam::123456789012:oidc-provider/lab",
        }
      : token === "late"
        ? "expired"
        : "invalid";
  const account = await testAccount(t, { roles, verifyToken });
  const asked = (token: string): Record<string, string> => ({ RoleArn: ROLE, RoleSessionName: "pod", WebIdentityToken: token });
  const unsigned = new URLSearchParams({ Action: "AssumeRoleWithWebIdentity", Version: "2011-06-15", ...asked("good") });
  const response = await fetch(account.url, { method: "POST", body: unsigned });
  assert.equal(response.status, 200);
  assert.match(await response.text(), /<SubjectFromWebIdentityToken>system:serviceaccount:kube-system:holdfast-alb</);
  const key = keyIn(await account.call("sts", "AssumeRoleWithWebIdentity", asked("good")), "AssumeRoleWithWebIdentity");
  assert.equal((await account.call("sts", "GetCallerIdentity", {}, { key })).status, 200);
  const code = async (token: string): Promise<string | undefined> =>
    (await account.call("sts", "AssumeRoleWithWebIdentity", asked(token))).code;
  assert.deepEqual(
    [await code("late"), await code("none"), await code("other")],
    ["ExpiredTokenException", "InvalidIdentityToken", "AccessDenied"],
  );
});
