import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../src/kernel/index.ts";
import { LAB_KEY, REGION, testAccount } from "../../src/lab/aws/testing/test-account.ts";
import { holdfast } from "../router-kit.ts";
import { startBench } from "./kit/bench.ts";
import { ingress, ingressClass, startCluster } from "./kit/cluster.ts";
import { startController } from "./kit/controller.ts";
import { CERTIFICATES, OWNERSHIP, firstWorld } from "./kit/first-world.ts";

const MINUTE_MS = 60_000;

/** What `holdfast alb --dry-run` says with these flags about one Ingress. */
async function planned(t: Parameters<typeof holdfast>[0], flags: readonly string[]): Promise<string> {
  const cluster = await startCluster();
  t.after(() => cluster.close());
  const account = await testAccount(t, { world: firstWorld(Date.now()), realClock: systemClock });
  await cluster.put(ingressClass("holdfast.dev/alb"));
  await cluster.put(ingress("shop", ["shop.example.org"]));
  await cluster.put(ingress("inner", ["inner.skipper.cluster.local"]));
  const place = [`--kubeconfig=${cluster.kubeconfigFile}`, `--region=${REGION}`, `--endpoint=${account.url}`];
  const program = holdfast(t, ["alb", `--cluster-id=${OWNERSHIP.clusterId}`, ...place, ...flags, "--dry-run"], {
    AWS_ACCESS_KEY_ID: LAB_KEY.id,
    AWS_SECRET_ACCESS_KEY: LAB_KEY.secret,
    AWS_EC2_METADATA_DISABLED: "true",
  });
  assert.equal(await program.ended, 1, program.stderr());
  return program.stdout();
}

test("the flags of kube-ingress-aws-controller mean what they mean there", async (t) => {
  const common = "--load-balancer-type=network";
  const [plain, told, denying] = await Promise.all([
    planned(t, [common, "--nlb-zone-affinity=availability_zone_affinity", "--nlb-cross-zone"]),
    planned(t, [
      common,
      "--nlb-http-enabled",
      "--cluster-local-domain=.example.net",
      `--blacklist-certificate-arns=${CERTIFICATES.shop}`,
      `--blacklist-certificate-arns=${CERTIFICATES.wildcard}`,
    ]),
    planned(t, ["--deny-internal-domains", "--internal-domains=*.inner.lab", "--internal-domains=*.internal"]),
  ]);
  assert.match(plain, /port 443: TLS .*default certificate shop\.example\.org/);
  assert.doesNotMatch(plain, /port 80:/, "no port without TLS");
  assert.match(told, /port 80: TCP forwards/);
  assert.match(plain, /dns_record\.client_routing_policy=availability_zone_affinity/);
  assert.match(plain, /load_balancing\.cross_zone\.enabled=true/);
  assert.doesNotMatch(told, /dns_record|cross_zone/);
  assert.doesNotMatch(plain, /inner/, "its host is reached inside the cluster");
  assert.match(told, /inner/, "another domain is the cluster's");
  assert.match(told, /port 443 is not opened/, "both certificates are left out");
  assert.match(denying, /~ port 443: requests for \*\.inner\.lab, \*\.internal are answered 401/);
  assert.doesNotMatch(plain, /are answered/);
});

test("certificates are read as often as --cert-polling-interval says", async (t) => {
  const bench = await startBench();
  const { clock, account, cluster } = bench;
  await cluster.put(ingressClass("holdfast.dev/alb"));
  await cluster.put(ingress("shop", ["shop.example.org"]));
  const controller = await startController(bench, { certificatesEveryMs: 4 * MINUTE_MS, leaseSeconds: 300 });
  t.after(async () => {
    await controller.stop();
    await bench.close();
  });
  await clock.until("it serves", () => bench.leftovers().length === 0, 30 * MINUTE_MS);
  const reads = (): number => account.calls.filter(({ action }) => action === "ListCertificates").length;
  const before = reads();
  await clock.pass(20 * MINUTE_MS);
  const read = reads() - before;
  assert.ok(read >= 3 && read <= 6, `${read} reads in 20 minutes`);
});
