import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { balancer, base64, forward, issued, targetGroup } from "../testing/elbv2-kit.ts";
import { type TestAccount, testAccount } from "../testing/test-account.ts";
import { at, listAt, textAt } from "../testing/xml.ts";
import { authorityIn } from "./request.ts";

const DAY_MS = 24 * 3_600_000;

async function imported(
  account: TestAccount,
  hosts: readonly string[],
  how: Parameters<typeof issued>[2] = {},
  more: object = {},
): Promise<string> {
  const { certificate, key } = issued(account.clock.wallMs(), hosts, how);
  const { body, text } = await account.call("acm", "ImportCertificate", {
    Certificate: base64(certificate),
    PrivateKey: base64(key),
    ...more,
  });
  assert.ok(at(body, "CertificateArn") !== undefined, text);
  return textAt(body, "CertificateArn");
}

const listed = async (account: TestAccount, input: object = {}): Promise<readonly unknown[]> =>
  listAt((await account.call("acm", "ListCertificates", { ...input })).body, "CertificateSummaryList").map((one) => at(one, "DomainName"));

test("only certificates with short RSA keys are listed where no types of keys are asked for", async (t) => {
  const account = await testAccount(t);
  await imported(account, ["rsa.example"], { rsaBits: 2048 });
  await imported(account, ["rsa4096.example"], { rsaBits: 4096 });
  await imported(account, ["ec.example"]);
  assert.deepEqual(await listed(account), ["rsa.example"]);
  assert.deepEqual(await listed(account, { Includes: { keyTypes: ["EC_prime256v1"] } }), ["ec.example"]);
  assert.equal((await listed(account, { Includes: { keyTypes: ["RSA_2048", "RSA_4096", "EC_prime256v1"] } })).length, 3);
  assert.equal((await account.call("acm", "ListCertificates", { Includes: { keyTypes: ["EC_other"] } })).code, "ValidationException");
});

test("a certificate is described by what it says, and expires", async (t) => {
  const account = await testAccount(t);
  const arn = await imported(account, ["shop.example", "*.shop.example"], { days: 1 }, { Tags: [{ Key: "owner", Value: "a" }] });
  const described = async (): Promise<unknown> =>
    at((await account.call("acm", "DescribeCertificate", { CertificateArn: arn })).body, "Certificate");
  const shown = await described();
  assert.deepEqual(
    ["DomainName", "SubjectAlternativeNames", "Status", "Type", "KeyAlgorithm", "InUseBy"].map((name) => at(shown, name)),
    ["shop.example", ["shop.example", "*.shop.example"], "ISSUED", "IMPORTED", "EC_prime256v1", []],
  );
  assert.equal(at(shown, "NotAfter"), (account.clock.wallMs() + DAY_MS) / 1000);
  const keyTypes = ["EC_prime256v1"];
  assert.deepEqual(await listed(account, { CertificateStatuses: ["EXPIRED"], Includes: { keyTypes } }), []);
  await account.clock.advance(DAY_MS + 1_000);
  assert.equal(at(await described(), "Status"), "EXPIRED");
  assert.deepEqual(await listed(account, { CertificateStatuses: ["EXPIRED"], Includes: { keyTypes } }), ["shop.example"]);
  const { body } = await account.call("acm", "ListTagsForCertificate", { CertificateArn: arn });
  assert.deepEqual(at(body, "Tags"), [{ Key: "owner", Value: "a" }]);
  await account.call("acm", "AddTagsToCertificate", { CertificateArn: arn, Tags: [{ Key: "owner", Value: "b" }, { Key: "new" }] });
  assert.equal(listAt((await account.call("acm", "ListTagsForCertificate", { CertificateArn: arn })).body, "Tags").length, 2);
});

test("a certificate is imported again under its ARN, and one that is unfit is not imported", async (t) => {
  const account = await testAccount(t);
  const arn = await imported(account, ["old.example"]);
  const { certificate, key } = issued(account.clock.wallMs(), ["new.example"]);
  const other = issued(account.clock.wallMs(), ["other.example"]);
  const send = async (input: object): Promise<string | undefined> =>
    (await account.call("acm", "ImportCertificate", { Certificate: base64(certificate), PrivateKey: base64(key), ...input })).code;
  assert.equal(await send({ CertificateArn: arn }), undefined);
  assert.deepEqual(await listed(account, { Includes: { keyTypes: ["EC_prime256v1"] } }), ["new.example"]);
  assert.equal(await send({ PrivateKey: base64(other.key) }), "ValidationException");
  assert.equal(await send({ Certificate: base64("none") }), "ValidationException");
  assert.equal(await send({ CertificateArn: arn, Tags: [{ Key: "a" }] }), "ValidationException");
  assert.equal(await send({ CertificateArn: arn.replace(/.{12}$/, "000000000000") }), "ResourceNotFoundException");
  await account.clock.advance(91 * DAY_MS);
  assert.equal(await send({}), "ValidationException", "it has expired meanwhile");
});

test("certificates are listed page by page, and deleted", async (t) => {
  const account = await testAccount(t);
  const arns: string[] = [];
  for (const name of ["a", "b", "c"]) {
    await account.clock.advance(1_000);
    arns.push(await imported(account, [`${name}.example`]));
  }
  const asked = { Includes: { keyTypes: ["EC_prime256v1"] }, SortBy: "CREATED_AT", SortOrder: "DESCENDING", MaxItems: 2 };
  const { body } = await account.call("acm", "ListCertificates", asked);
  assert.deepEqual(
    listAt(body, "CertificateSummaryList").map((one) => at(one, "DomainName")),
    ["c.example", "b.example"],
  );
  assert.deepEqual(await listed(account, { ...asked, NextToken: at(body, "NextToken") }), ["a.example"]);
  assert.equal((await account.call("acm", "ListCertificates", { NextToken: "none" })).code, "ValidationException");
  assert.equal((await account.call("acm", "DeleteCertificate", { CertificateArn: arns[0] })).status, 200);
  assert.equal((await account.call("acm", "DeleteCertificate", { CertificateArn: arns[0] })).code, "ResourceNotFoundException");
  assert.equal(
    (await account.call("acm", "DescribeCertificate", { CertificateArn: "arn:aws:acm:eu-central-1:123456789012:other/1" })).code,
    "InvalidArnException",
  );
});

test("a certificate that is requested is pending, then issued by the lab's own authority, and only then taken by a listener", async (t) => {
  const account = await testAccount(t, { validationMs: 30_000 });
  const asked = {
    DomainName: "Shop.example",
    SubjectAlternativeNames: ["*.shop.example"],
    IdempotencyToken: "once",
    KeyAlgorithm: "EC_prime256v1",
  };
  const request = async (): Promise<string> => textAt((await account.call("acm", "RequestCertificate", asked)).body, "CertificateArn");
  const arn = await request();
  assert.equal(await request(), arn, "one token is one certificate");
  const described = async (field: string): Promise<unknown> =>
    at((await account.call("acm", "DescribeCertificate", { CertificateArn: arn })).body, "Certificate", field);
  assert.deepEqual(
    [await described("Status"), await described("Type"), await described("NotAfter")],
    ["PENDING_VALIDATION", "AMAZON_ISSUED", undefined],
  );
  const issuedOnes = { CertificateStatuses: ["ISSUED"], Includes: { keyTypes: ["EC_prime256v1"] } };
  assert.deepEqual(await listed(account, issuedOnes), []);
  const loadBalancer = await balancer(account, "shop");
  const group = await targetGroup(account, "web");
  const secure = { Protocol: "HTTPS", Port: 443, Certificates: [{ CertificateArn: arn }], DefaultActions: [forward(group)] };
  const create = (): Promise<{ code: string | undefined }> =>
    account.call("elasticloadbalancing", "CreateListener", { LoadBalancerArn: loadBalancer, ...secure });
  assert.equal((await create()).code, "UnsupportedCertificate");
  await account.clock.advance(30_000);
  assert.deepEqual([await described("Status"), await described("SubjectAlternativeNames")], ["ISSUED", ["shop.example", "*.shop.example"]]);
  assert.deepEqual(await listed(account, issuedOnes), ["shop.example"]);
  assert.equal((await create()).code, undefined);
  const record = account.store.now.certificates.get(arn);
  const authority = new X509Certificate(authorityIn(account.store.now) ?? "");
  assert.ok(new X509Certificate(record?.certificate ?? "").checkIssued(authority));
  assert.equal(record?.chain, authority.toString());
  assert.equal((await listed(account, { Includes: { keyTypes: ["EC_prime256v1"] } })).length, 1, "the authority is in no list");
});
