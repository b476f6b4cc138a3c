import assert from "node:assert/strict";
import { test } from "node:test";

import { systemClock } from "../../src/kernel/index.ts";
import { freePort } from "../../src/kernel/testing/free-port.ts";
import { until } from "../../src/kernel/testing/until.ts";
import { LAB_KEY, REGION, testAccount } from "../../src/lab/aws/testing/test-account.ts";
import { type AwsWorld, withRecord } from "../../src/lab/aws/world/world.ts";
import { holdfast } from "../router-kit.ts";
import { type TestCluster, ingress, ingressClass, routeGroup, startCluster } from "./kit/cluster.ts";
import { CERTIFICATES, OWNERSHIP, firstWorld } from "./kit/first-world.ts";

const PATIENCE_MS = 30_000;
const ENV = { AWS_ACCESS_KEY_ID: LAB_KEY.id, AWS_SECRET_ACCESS_KEY: LAB_KEY.secret, AWS_EC2_METADATA_DISABLED: "true" };
const A = "alb.ingress.kubernetes.io/";
const WEB_ACL = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/main/1234-abcd";

/** What is said on each object itself, and the reasons and messages of its Events. */
async function saidOf(cluster: TestCluster, name: string): Promise<{ readonly itself: string; readonly events: readonly string[] }> {
  const objects = await Promise.all(
    ["networking.k8s.io/v1/namespaces/default/ingresses", "zalando.org/v1/namespaces/default/routegroups"].map((path) =>
      cluster.read(`/apis/${path}/${name}`),
    ),
  );
  const found = objects.find(({ code }) => code === 200)?.body as
    | { metadata: { annotations?: Record<string, string> }; status?: { conditions?: { message: string }[] } }
    | undefined;
  const { body } = await cluster.read("/api/v1/namespaces/default/events");
  const { items } = body as { items: readonly { reason: string; message: string; involvedObject: { name: string } }[] };
  return {
    itself: found?.metadata.annotations?.["holdfast.dev/load-balancer-problem"] ?? found?.status?.conditions?.[0]?.message ?? "",
    events: items.filter(({ involvedObject }) => involvedObject.name === name).map(({ reason, message }) => `${reason}: ${message}`),
  };
}

/** With a server certificate of IAM that no program can read. */
function withNonsense(world: AwsWorld): AwsWorld {
  const shop = world.certificates.get(CERTIFICATES.shop);
  assert.ok(shop !== undefined);
  const store = { of: "iam", name: "nonsense", path: "/", id: "ASCA1" } as const;
  const certificate = "-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n";
  return withRecord(world, "certificates", NONSENSE, { ...shop, arn: NONSENSE, store, certificate });
}

const NONSENSE = "arn:aws:iam::123456789012:server-certificate/nonsense";

test("K18, L7: an object that cannot be done as written is told what to do, by an Event and on itself, and every other one is served", async (t) => {
  const cluster = await startCluster();
  t.after(() => cluster.close());
  const account = await testAccount(t, { world: withNonsense(firstWorld(Date.now())), realClock: systemClock, provisioningMs: 500 });
  account.health.get = () => ({ state: "healthy" });
  account.faults.add({
    id: "no permission",
    action: "AssociateWebACL",
    from: 1,
    count: Infinity,
    fault: { kind: "error", status: 400, code: "AccessDeniedException", message: "not authorized to perform: wafv2:AssociateWebACL" },
  });
  await cluster.put(ingressClass("holdfast.dev/alb"));
  await cluster.put(ingress("typing-error", ["a.example.org"], { "zalando.org/aws-load-balancer-scheme": "intern" }));
  await cluster.put(routeGroup("typing-error-too", ["b.example.org"], { [`${A}ssl-policy`]: "ELBSecurityPolicy-Best" }));
  await cluster.put(ingress("no-certificate", ["shop.example.net"]));
  await cluster.put(ingress("no-subnets", ["c.example.org"], { [`${A}subnets`]: "subnet-nowhere" }));
  await cluster.put(ingress("no-permission", ["d.example.org"], { [`${A}wafv2-acl-arn`]: WEB_ACL }));
  await cluster.put(ingress("shop", ["shop.example.org"]));
  const port = await freePort();
  const program = holdfast(
    t,
    [
      "alb",
      `--cluster-id=${OWNERSHIP.clusterId}`,
      `--controller-id=${OWNERSHIP.controllerId}`,
      `--kubeconfig=${cluster.kubeconfigFile}`,
      `--region=${REGION}`,
      `--endpoint=${account.url}`,
      `--admin=127.0.0.1:${port}`,
    ],
    ENV,
  );

  const expected: Readonly<Record<string, RegExp>> = {
    "typing-error":
      /aws-load-balancer-scheme: expected internet-facing or internal, got "intern"; nothing is made for it until it is mended/,
    "typing-error-too": /ssl-policy: expected a security policy of AWS/,
    "no-certificate":
      /no certificate is for shop\.example\.net: request one in ACM.*; these cannot be read: .*server-certificate\/nonsense$/,
    "no-subnets": /subnet-nowhere/,
    "no-permission": /wafv2:AssociateWebACL/,
  };
  for (const [name, message] of Object.entries(expected)) {
    await until(`${name} to say what is wrong`, async () => message.test((await saidOf(cluster, name)).itself), PATIENCE_MS);
    await until(`an Event on ${name}`, async () => (await saidOf(cluster, name)).events.some((event) => message.test(event)), PATIENCE_MS);
  }
  const hostOf = (name: string): string | undefined => cluster.live().find(({ owner }) => owner.endsWith(`/${name}`))?.statusHosts[0];
  for (const name of ["shop", "no-certificate"]) await until(`${name} to be served`, () => hostOf(name) !== undefined, PATIENCE_MS);
  assert.equal((await saidOf(cluster, "shop")).itself, "");
  for (const name of ["typing-error", "typing-error-too", "no-subnets"]) assert.equal(hostOf(name), undefined);
  program.child.kill("SIGTERM");
  assert.equal(await program.ended, 0, program.stderr());
});
