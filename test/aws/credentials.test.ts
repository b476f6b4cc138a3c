import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingMessage, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Aws, connectAws } from "../../src/aws/index.ts";
import { systemClock, systemRandom } from "../../src/kernel/index.ts";
import { ACCOUNT, REGION, type TestAccount, testAccount } from "../../src/lab/aws/testing/test-account.ts";
import { withRecord } from "../../src/lab/aws/world/world.ts";
import { textAt } from "../../src/lab/aws/testing/xml.ts";

const ROLE = `arn:aws:iam::${ACCOUNT}:role/alb`;
const roles = new Map([[ROLE, { trusts: () => true, maxSessionSeconds: 3_600 }]]);

/** This process's environment is only what is given, until the test ends. */
function environment(t: TestContext, variables: Readonly<Record<string, string>>): void {
  const before = { ...process.env };
  t.after(() => {
    for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) delete process.env[name];
    Object.assign(process.env, before);
  });
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) delete process.env[name];
  Object.assign(
    process.env,
    { AWS_CONFIG_FILE: "/nonexistent", AWS_SHARED_CREDENTIALS_FILE: "/nonexistent", AWS_REGION: REGION },
    variables,
  );
}

/** A client that is told nothing but where AWS is. */
function client(t: TestContext, account: TestAccount): Aws {
  const aws = connectAws({ endpoint: account.url }, { clock: systemClock, random: systemRandom });
  t.after(() => aws.close());
  return aws;
}

function file(t: TestContext, content: string): string {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-credentials-"));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
  writeFileSync(join(folder, "token"), content);
  return join(folder, "token");
}

/** A session of the role, in the words of the metadata services. */
async function session(account: TestAccount): Promise<Record<string, string>> {
  const { body } = await account.call("sts", "AssumeRole", { RoleArn: ROLE, RoleSessionName: "pod" });
  const at = (name: string): string => textAt(body, "AssumeRoleResult", "Credentials", name);
  return {
    AccessKeyId: at("AccessKeyId"),
    SecretAccessKey: at("SecretAccessKey"),
    Token: at("SessionToken"),
    Expiration: at("Expiration"),
  };
}

/** A server on the machine that answers GET and PUT by their paths. */
async function metadata(t: TestContext, answer: (request: IncomingMessage) => Promise<string | undefined>): Promise<string> {
  const server = createServer((request, response) => {
    void answer(request).then((body) => {
      if (body === undefined) response.statusCode = 404;
      response.end(body);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a service account with a role (IRSA): its token is exchanged with STS, once for all services", async (t: TestContext) => {
  const verifyToken = (token: string) =>
    token === "a-token" ? { subject: "system:serviceaccount:kube-system:alb", audience: "sts.amazonaws.com", provider: "p" } : "invalid";
  const account = await testAccount(t, { realClock: systemClock, roles, verifyToken });
  environment(t, {
    AWS_ROLE_ARN: ROLE,
    AWS_WEB_IDENTITY_TOKEN_FILE: file(t, "a-token"),
    AWS_ROLE_SESSION_NAME: "alb-1",
    AWS_ENDPOINT_URL: account.url,
  });
  const aws = client(t, account);
  assert.deepEqual(await aws.identity(), { account: ACCOUNT, arn: `arn:aws:sts::${ACCOUNT}:assumed-role/alb/alb-1` });
  assert.deepEqual(await aws.elb.loadBalancers(), []);
  assert.equal(account.calls.filter(({ action }) => action === "AssumeRoleWithWebIdentity").length, 1);
});

test("a service account whose token AWS does not take is told so in one line", async (t: TestContext) => {
  const account = await testAccount(t, { realClock: systemClock, roles });
  environment(t, { AWS_ROLE_ARN: ROLE, AWS_WEB_IDENTITY_TOKEN_FILE: file(t, "forged"), AWS_ENDPOINT_URL: account.url });
  const aws = connectAws(
    { endpoint: account.url, times: { timeoutMs: 3_000, attemptTimeoutMs: 1_000 } },
    { clock: systemClock, random: systemRandom },
  );
  t.after(() => aws.close());
  await assert.rejects(aws.identity(), { code: "AWS_CREDENTIALS", message: /^no credentials of AWS: .*; give the service account a role/ });
});

test("EKS Pod Identity: what AWS calls expired before its time is fetched anew, and the call made again", async (t: TestContext) => {
  const account = await testAccount(t, { realClock: systemClock, roles });
  let asked = 0;
  const url = await metadata(t, async ({ headers }) => {
    if (headers.authorization !== "pod-token") return undefined;
    asked++;
    return JSON.stringify(await session(account));
  });
  environment(t, {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/v1/credentials`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file(t, "pod-token"),
  });
  const aws = client(t, account);
  assert.deepEqual(await aws.elb.targetGroups(), []);
  assert.equal(asked, 1);
  const expired = [...account.store.now.sessions].reduce(
    (world, [id, key]) => withRecord(world, "sessions", id, { ...key, expiresAtMs: Date.now() - 1_000 }),
    account.store.now,
  );
  account.store.put(expired, Date.now());
  assert.deepEqual(await aws.elb.targetGroups(), []);
  assert.equal((await aws.identity()).account, ACCOUNT);
  assert.equal(asked, 2);
});

test("an instance with a profile: its metadata say who it is", async (t: TestContext) => {
  const account = await testAccount(t, { realClock: systemClock, roles });
  const url = await metadata(t, async ({ method, url: path, headers }) => {
    if (method === "PUT") return path === "/latest/api/token" ? "imds-token" : undefined;
    if (headers["x-aws-ec2-metadata-token"] !== "imds-token") return undefined;
    if (path === "/latest/meta-data/iam/security-credentials/") return "alb";
    return JSON.stringify({ Code: "Success", Type: "AWS-HMAC", LastUpdated: new Date().toISOString(), ...(await session(account)) });
  });
  environment(t, { AWS_EC2_METADATA_SERVICE_ENDPOINT: url });
  assert.equal((await client(t, account).identity()).arn, `arn:aws:sts::${ACCOUNT}:assumed-role/alb/pod`);
});

test("without a region nothing is asked, and the line says what to set", async (t: TestContext) => {
  const account = await testAccount(t, { realClock: systemClock });
  environment(t, { AWS_ACCESS_KEY_ID: "AKIALAB", AWS_SECRET_ACCESS_KEY: "lab/secret+key" });
  delete process.env["AWS_REGION"];
  await assert.rejects(client(t, account).identity(), { code: "AWS_NO_REGION" });
  process.env["AWS_REGION"] = REGION;
  assert.equal((await client(t, account).identity()).account, ACCOUNT);
});
