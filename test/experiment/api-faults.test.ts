import assert from "node:assert/strict";
import { writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ACMClient, ListCertificatesCommand } from "@aws-sdk/client-acm";
import { DescribeVpcsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { DescribeLoadBalancersCommand, ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { type FaultProxy, awsEnvironment, awsWay, kubernetesWay, startFaultProxy } from "../../src/experiment/index.ts";
import { seededRandom, systemClock } from "../../src/kernel/index.ts";
import { type KubeClient, createKubeClient, kinds, loadKubeconfig } from "../../src/kube/index.ts";
import { type TestApiServer, startApiServer } from "../../src/lab/apiserver/testing/index.ts";
import { LAB_KEY, REGION, testAccount, threeZones } from "../../src/lab/aws/testing/test-account.ts";

interface Broken {
  /** Takes the rules that were set away and sets this one. */
  rule(fault: object, match?: object, more?: object): Promise<void>;
}

function rules(proxy: FaultProxy, name: string): Broken["rule"] {
  return async (fault, match = {}, more = {}) => {
    await fetch(`http://${proxy.control}/reset`, { method: "POST" });
    const added = await fetch(`http://${proxy.control}/proxies/${name}/rules`, {
      method: "POST",
      body: JSON.stringify({ fault, match, ...more }),
    });
    assert.equal(added.status, 200, await added.text());
  };
}

async function started(t: TestContext, way: Parameters<typeof startFaultProxy>[0]["proxies"]): Promise<FaultProxy> {
  const proxy = await startFaultProxy(
    { control: { host: "127.0.0.1", port: 0 }, token: undefined, config: undefined, proxies: way ?? [] },
    { clock: systemClock, random: seededRandom(1), report: (line) => t.diagnostic(line) },
  );
  t.after(() => proxy.close());
  return proxy;
}

/** The lab's API server with three namespaces more, and our client that comes through the proxy, over TLS, with the kubeconfig that it writes. */
async function cluster(
  t: TestContext,
): Promise<Broken & { readonly server: TestApiServer; readonly client: KubeClient; readonly through: string }> {
  const server = await startApiServer();
  t.after(() => server.close());
  for (const name of ["one", "two", "three"])
    await server.call("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  const way = kubernetesWay(await loadKubeconfig(server.kubeconfigFile), Date.now());
  const proxy = await started(t, [way.proxy]);
  const folder = mkdtempSync(join(tmpdir(), "holdfast-through-"));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  writeFileSync(join(folder, "kubeconfig"), way.kubeconfig(proxy.listenOf("kubernetes")));
  const config = await loadKubeconfig(join(folder, "kubeconfig"));
  const client = createKubeClient({ cluster: config, userAgent: "test" }, { clock: systemClock, random: seededRandom(1) });
  t.after(() => client.close());
  return { server, client, through: proxy.listenOf("kubernetes"), rule: rules(proxy, "kubernetes") };
}

const names = async (client: KubeClient): Promise<readonly string[]> => {
  const { items } = await client.list(kinds.namespaces);
  return items.map(({ metadata }) => metadata.name);
};
const ALL = ["default", "kube-node-lease", "kube-public", "kube-system", "one", "three", "two"];

test("lists come through the proxy as they are, and with a rule empty, in part, or as of before", async (t) => {
  const { server, client, rule } = await cluster(t);
  assert.deepEqual([...(await names(client))].toSorted(), ALL);
  await rule({ type: "empty_list" }, { verb: "list", resource: "namespaces" });
  assert.deepEqual(await names(client), []);
  await rule({ type: "partial_list", share: 0.5 }, { verb: ["list"], resource: ["namespaces"] });
  const some = await names(client);
  assert.ok(some.length > 0 && some.length < ALL.length && some.every((name) => ALL.includes(name)), some.join());
  await rule({ type: "older_world" }, { resource: "namespaces" });
  assert.equal((await names(client)).length, ALL.length);
  await server.call("DELETE", "/api/v1/namespaces/one");
  await server.call("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "new" } });
  assert.deepEqual([...(await names(client))].toSorted(), ALL, "the world has gone on, and the client is not to see it");
  await rule({ type: "status", status: 200 }, { path: "^/nowhere" });
  assert.ok((await names(client)).includes("new"));
});

test("refusals are Status objects that a client understands, only for what they are about", async (t) => {
  const { client, rule } = await cluster(t);
  const codes: string[] = [];
  for (const code of [401, 403, 404, 409, 500]) {
    await rule({ type: "kube_status", code }, { resource: "namespaces", verb: "get" });
    codes.push(
      await client.get(kinds.namespaces, { name: "one" }).then(
        () => "answered",
        (error: { readonly code: string }) => error.code,
      ),
    );
    assert.equal((await names(client)).length, ALL.length);
  }
  assert.deepEqual(codes, ["KUBE_UNAUTHORIZED", "KUBE_FORBIDDEN", "KUBE_NOT_FOUND", "KUBE_CONFLICT", "KUBE_SERVER"]);
});

test("a watch is closed, told that it is too old, fed garbage, or misses what happens, and is cut when the rule comes", async (t) => {
  const { server, rule, through } = await cluster(t);
  const watch = async (): Promise<ReadableStreamDefaultReader<Uint8Array>> => {
    const path = "/api/v1/namespaces?watch=true&resourceVersion=0&fieldSelector=metadata.name%3Dlate";
    const answer = await fetch(`http://${through}${path}`, { headers: { authorization: `Bearer ${server.adminToken}` } });
    assert.ok(answer.body !== null);
    return answer.body.getReader();
  };
  const read = async (reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> => {
    const { value } = await reader.read();
    return Buffer.from(value ?? []).toString();
  };
  const open = (await watch()).read();
  await rule({ type: "watch", do: "error_410" }, { resource: "namespaces" });
  await assert.rejects(open);
  assert.match(await read(await watch()), /^\{"type":"ERROR","object":\{"kind":"Status".*"code":410\}\}\n$/);
  await rule({ type: "watch", do: "close" });
  assert.equal(await read(await watch()), "");
  await rule({ type: "watch", do: "garbage" });
  assert.match(await read(await watch()), /^\{"type":"ADDED","object":\{"kind":"\0/);
  await rule({ type: "watch", do: "drop_events" });
  const blind = read(await watch());
  await rule({ type: "status", status: 200 }, { path: "^/nothing" });
  const seeing = read(await watch());
  await server.call("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "late" } });
  assert.match(await seeing, /"type":"ADDED".*"late"/);
  assert.equal(await Promise.race([blind, new Promise((resolve) => setTimeout(resolve, 300, "nothing"))]), "nothing");
});

test("an object whose making was not answered is there all the same", async (t) => {
  const { server, client, rule } = await cluster(t);
  await rule({ type: "lose_answer" }, { verb: "create" }, { count: 1 });
  const made = client.create(kinds.namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: "made" } });
  await assert.rejects(made);
  assert.equal((await server.call("GET", "/api/v1/namespaces/made")).code, 200);
});

test("signed requests pass and stay right; throttling has each protocol's own form; lists are emptied in each", async (t) => {
  const account = await testAccount(t, { realClock: systemClock, world: threeZones() });
  const way = awsWay(account.url);
  const proxy = await started(t, [way]);
  const rule = rules(proxy, "aws");
  const endpoint = /=(http:\S+)/.exec(awsEnvironment(proxy.listenOf("aws")))?.[1] ?? "";
  const options = { region: REGION, endpoint, credentials: { accessKeyId: LAB_KEY.id, secretAccessKey: LAB_KEY.secret }, maxAttempts: 1 };
  const [ec2, elb, acm] = [new EC2Client(options), new ElasticLoadBalancingV2Client(options), new ACMClient(options)];
  t.after(() => [ec2, elb, acm].forEach((client) => client.destroy()));
  const calls = {
    ec2: () => ec2.send(new DescribeVpcsCommand({})).then(({ Vpcs }) => Vpcs?.length ?? 0),
    elb: () => elb.send(new DescribeLoadBalancersCommand({})).then(({ LoadBalancers }) => LoadBalancers?.length ?? 0),
    acm: () => acm.send(new ListCertificatesCommand({})).then(({ CertificateSummaryList }) => CertificateSummaryList?.length ?? 0),
  };
  const outcome = (call: () => Promise<number>): Promise<string> =>
    call().then(
      (count) => `${count}`,
      (error: { readonly name: string }) => error.name,
    );
  const all = async (): Promise<readonly string[]> => [await outcome(calls.ec2), await outcome(calls.elb), await outcome(calls.acm)];
  const [vpcs = ""] = await all();
  assert.ok(Number(vpcs) >= 1, `EC2 answered ${vpcs}`);
  await rule({ type: "aws_error", code: "throttling" });
  assert.deepEqual(await all(), ["RequestLimitExceeded", "Throttling", "ThrottlingException"]);
  await rule({ type: "aws_error", code: "internal" }, { service: "ec2", action: "DescribeVpcs" });
  assert.deepEqual(await all(), ["InternalError", "0", "0"]);
  await rule({ type: "empty_list" });
  assert.deepEqual(await all(), ["0", "0", "0"]);
});
