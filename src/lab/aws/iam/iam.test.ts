import assert from "node:assert/strict";
import { test } from "node:test";
import { balancer, issued, listener, targetGroup } from "../testing/elbv2-kit.ts";
import { type Answer, type TestAccount, testAccount } from "../testing/test-account.ts";
import { at, listAt, textAt } from "../testing/xml.ts";

function upload(account: TestAccount, name: string, more: object = {}): Promise<Answer> {
  const { certificate, key } = issued(account.clock.wallMs(), [`${name}.example`]);
  return account.call("iam", "UploadServerCertificate", {
    ServerCertificateName: name,
    CertificateBody: certificate,
    PrivateKey: key,
    ...more,
  });
}

test("a server certificate is uploaded, found by its name and used by listeners", async (t) => {
  const account = await testAccount(t);
  const { body } = await upload(account, "shop", { Path: "/cloudfront/", Tags: [{ Key: "owner", Value: "a" }] });
  const arn = at(body, "UploadServerCertificateResult", "ServerCertificateMetadata", "Arn");
  assert.equal(arn, "arn:aws:iam::123456789012:server-certificate/cloudfront/shop");
  const got = await account.call("iam", "GetServerCertificate", { ServerCertificateName: "SHOP" });
  assert.match(textAt(got.body, "GetServerCertificateResult", "ServerCertificate", "CertificateBody"), /^-----BEGIN CERTIFICATE-----\n/);
  const tags = await account.call("iam", "ListServerCertificateTags", { ServerCertificateName: "shop" });
  assert.deepEqual(at(tags.body, "ListServerCertificateTagsResult", "Tags"), [{ Key: "owner", Value: "a" }]);
  const asked = { Protocol: "HTTPS", Port: 443, Certificates: [{ CertificateArn: arn }] };
  const of = await listener(account, await balancer(account, "shop"), await targetGroup(account, "pods"), asked);
  const refused = await account.call("iam", "DeleteServerCertificate", { ServerCertificateName: "shop" });
  assert.deepEqual([refused.status, refused.code], [409, "DeleteConflict"]);
  await account.call("elasticloadbalancing", "DeleteListener", { ListenerArn: of });
  assert.equal((await account.call("iam", "DeleteServerCertificate", { ServerCertificateName: "shop" })).status, 200);
  const gone = await account.call("iam", "GetServerCertificate", { ServerCertificateName: "shop" });
  assert.deepEqual([gone.status, gone.code], [404, "NoSuchEntity"]);
});

test("names are taken once, keys must fit, and twenty are all", async (t) => {
  const account = await testAccount(t);
  await upload(account, "one");
  assert.equal((await upload(account, "ONE")).code, "EntityAlreadyExists");
  assert.equal((await upload(account, "two", { PrivateKey: issued(0, ["x"]).key })).code, "KeyPairMismatch");
  assert.equal((await upload(account, "two", { CertificateBody: "none" })).code, "MalformedCertificate");
  for (let n = 2; n <= 20; n++) assert.equal((await upload(account, `n${n}`)).code, undefined);
  assert.equal((await upload(account, "n21")).code, "LimitExceeded");
});

test("the list is cut by paths and pages", async (t) => {
  const account = await testAccount(t);
  for (const [name, Path] of [
    ["a", "/one/"],
    ["b", "/one/"],
    ["c", "/two/"],
  ] as const)
    await upload(account, name, { Path });
  const list = async (input: object): Promise<unknown> =>
    at((await account.call("iam", "ListServerCertificates", { ...input })).body, "ListServerCertificatesResult");
  const names = (page: unknown): readonly unknown[] =>
    listAt(page, "ServerCertificateMetadataList").map((one) => at(one, "ServerCertificateName"));
  assert.deepEqual(names(await list({ PathPrefix: "/one/" })), ["a", "b"]);
  const first = await list({ MaxItems: 2 });
  assert.deepEqual([names(first), at(first, "IsTruncated")], [["a", "b"], "true"]);
  const second = await list({ MaxItems: 2, Marker: at(first, "Marker") });
  assert.deepEqual([names(second), at(second, "IsTruncated"), at(second, "Marker")], [["c"], "false", undefined]);
});
