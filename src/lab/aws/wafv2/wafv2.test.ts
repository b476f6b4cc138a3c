import assert from "node:assert/strict";
import { test } from "node:test";
import { balancer } from "../testing/elbv2-kit.ts";
import { testAccount } from "../testing/test-account.ts";
import { at } from "../testing/xml.ts";
import type { WebAclRecord } from "./records.ts";

const ID = "a1b2c3d4-5678-90ab-cdef-111111111111";
const acl = (name: string): WebAclRecord => ({
  arn: `arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/${name}/${ID}`,
  name,
  id: ID,
});
const world = { webAcls: new Map([acl("one"), acl("two")].map((one) => [one.arn, one])) };

test("a load balancer has one web ACL at a time, once it is active, and loses it with its end", async (t) => {
  const account = await testAccount(t, { world });
  const arn = await balancer(account, "shop");
  const waf = (action: string, input: object): ReturnType<typeof account.call> => account.call("wafv2", action, { ...input });
  const shown = async (): Promise<unknown> => at((await waf("GetWebACLForResource", { ResourceArn: arn })).body, "WebACL", "ARN");
  const associate = async (name: string): Promise<string | undefined> =>
    (await waf("AssociateWebACL", { ResourceArn: arn, WebACLArn: acl(name).arn })).code;
  assert.equal(await associate("one"), "WAFUnavailableEntityException");
  await account.clock.advance(60_000);
  assert.equal(await shown(), undefined);
  assert.equal(await associate("none"), "WAFNonexistentItemException");
  assert.equal(await associate("one"), undefined);
  assert.equal(await associate("two"), undefined);
  assert.equal(await shown(), acl("two").arn);
  assert.equal((await waf("DisassociateWebACL", { ResourceArn: arn })).code, undefined);
  assert.equal((await waf("DisassociateWebACL", { ResourceArn: arn })).code, undefined);
  assert.equal(await shown(), undefined);
  await associate("one");
  await account.call("elasticloadbalancing", "DeleteLoadBalancer", { LoadBalancerArn: arn });
  assert.equal((await waf("GetWebACLForResource", { ResourceArn: arn })).code, "WAFNonexistentItemException");
  assert.equal(account.store.now.webAclAssociations.size, 0);
});

test("a web ACL is found by its name and id or its ARN, and is not for a network load balancer", async (t) => {
  const account = await testAccount(t, { world });
  const { name, id, arn } = acl("one");
  const found = async (input: Record<string, unknown>): Promise<unknown> =>
    at((await account.call("wafv2", "GetWebACL", input)).body, "WebACL", "ARN");
  assert.equal(await found({ Name: name, Id: id, Scope: "REGIONAL" }), arn);
  assert.equal(await found({ ARN: arn }), arn);
  assert.equal(await found({ ARN: `${arn}1` }), undefined);
  const net = await balancer(account, "net", { Type: "network" });
  assert.equal((await account.call("wafv2", "GetWebACLForResource", { ResourceArn: net })).code, "WAFInvalidParameterException");
});
