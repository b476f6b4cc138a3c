import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import type { ChildProcess } from "node:child_process";
import { type TestContext, test } from "node:test";
import { connect } from "node:tls";
import { freePort } from "../../../kernel/testing/free-port.ts";
import { until } from "../../../kernel/testing/until.ts";
import { balancer, base64, healthOf, issued, listener, targetGroup } from "../testing/elbv2-kit.ts";
import { type ControlClient, controlClient, killPart, startPart, testFolder } from "../testing/lab-part.ts";
import { CONTROL_TOKEN, partConfig } from "../testing/part-config.ts";
import { type TestAccount, clientOf } from "../testing/test-account.ts";
import { textAt } from "../testing/xml.ts";
import type { NamedLoadBalancer } from "./names.ts";

const PATIENCE_MS = 30_000;
/** A block of addresses that no other test has, so that a port of one is never another's. */
function ownBlock(): string {
  return `127.${randomInt(100, 250)}.${randomInt(100, 250)}`;
}

interface Served {
  readonly account: Pick<TestAccount, "call">;
  readonly control: ControlClient;
  readonly startHost: () => Promise<ChildProcess>;
  readonly startAws: () => Promise<ChildProcess>;
  /** Where a load balancer is, once it is there. */
  named(name: string): Promise<NamedLoadBalancer>;
}

/** An account whose load balancers are served, both as processes. */
async function served(t: TestContext): Promise<Served> {
  const folder = testFolder(t);
  const hostControl = { host: "127.0.0.1", port: await freePort(), token: CONTROL_TOKEN };
  const dataPlane = {
    host: hostControl,
    addressBlocks: [ownBlock()],
    healthCheckSecondMs: 20,
    everyMs: 50,
    unheardAfterMs: 500,
  };
  const config = await partConfig({ dataPlane, isThrottled: false, stateFile: `${folder}/account.json` });
  const startHost = (): Promise<ChildProcess> => startPart(t, folder, "alb", { control: hostControl, stateFile: `${folder}/hosted.json` });
  const startAws = (): Promise<ChildProcess> => startPart(t, folder, "aws", config);
  const control = controlClient(config.control.port, CONTROL_TOKEN);
  return {
    account: { call: clientOf(`127.0.0.1:${config.listen.port}`, Date.now) },
    control,
    startHost,
    startAws,
    named: (name) =>
      until(
        `${name} has its addresses`,
        async () => {
          const { loadBalancers } = (await control("GET", "/load-balancers")).body as { loadBalancers: readonly NamedLoadBalancer[] };
          return loadBalancers.find((one) => one.name === name && one.addresses.length > 0);
        },
        PATIENCE_MS,
      ),
  };
}

async function startTarget(t: TestContext, answer: RequestListener): Promise<{ readonly Id: string; readonly Port: number }> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.9", resolve);
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { Id: "127.0.0.9", Port: (server.address() as AddressInfo).port };
}

async function statusOf(url: string): Promise<number | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    await response.text();
    return response.status;
  } catch {
    return undefined;
  }
}

/** A load balancer `shop` on port 80 with one healthy target; resolves to its URL and the ARN of its group. */
async function shop({ account, named }: Served, target: object): Promise<{ readonly url: string; readonly group: string }> {
  const group = await targetGroup(account, "web", {
    HealthCheckIntervalSeconds: 5,
    HealthCheckTimeoutSeconds: 2,
    HealthyThresholdCount: 2,
  });
  await account.call("elasticloadbalancing", "RegisterTargets", { TargetGroupArn: group, Targets: [target] });
  await listener(account, await balancer(account, "shop"), group);
  const { addresses, listeners } = await named("shop");
  assert.deepEqual(
    addresses.map(({ zone }) => zone),
    ["eu-central-1a", "eu-central-1b", "eu-central-1c"],
  );
  assert.deepEqual(listeners, [{ port: 80, protocol: "HTTP", listensOn: 8080 }]);
  const url = `http://${addresses[0]?.address}:8080/`;
  await until("it serves", async () => (await statusOf(url)) === 200, PATIENCE_MS);
  return { url, group };
}

test(
  "what is created through the API is what is served: health, rules, targets that leave, and the end",
  { timeout: 120_000 },
  async (t) => {
    const all = await served(t);
    await Promise.all([all.startHost(), all.startAws()]);
    const { account } = all;
    const target = await startTarget(t, (request, response) => response.end(request.url));
    const { url, group } = await shop(all, target);
    const key = `${target.Id}:${target.Port}`;
    await until("it is healthy", async () => (await healthOf(account, group))[0] === `${key} healthy`, PATIENCE_MS);

    const balancers = await account.call("elasticloadbalancing", "DescribeLoadBalancers", { Names: ["shop"] });
    const arn = /<LoadBalancerArn>([^<]+)/.exec(balancers.text)?.[1] ?? "";
    const listeners = await account.call("elasticloadbalancing", "DescribeListeners", { LoadBalancerArn: arn });
    const listenerArn = /<ListenerArn>([^<]+)/.exec(listeners.text)?.[1] ?? "";
    await account.call("elasticloadbalancing", "CreateRule", {
      ListenerArn: listenerArn,
      Priority: 10,
      Conditions: [{ Field: "path-pattern", Values: ["/old/*"] }],
      Actions: [{ Type: "fixed-response", FixedResponseConfig: { StatusCode: "410" } }],
    });
    await until("the rule holds", async () => (await statusOf(`${url}old/x`)) === 410, PATIENCE_MS);
    assert.equal(await statusOf(url), 200);

    await account.call("elasticloadbalancing", "DeregisterTargets", { TargetGroupArn: group, Targets: [target] });
    await until("nobody is left to ask", async () => (await statusOf(url)) === 503, PATIENCE_MS);
    assert.deepEqual(await healthOf(account, group), [`${key} draining Target.DeregistrationInProgress`]);
    await account.call("elasticloadbalancing", "RegisterTargets", { TargetGroupArn: group, Targets: [target] });
    await until("it is back", async () => (await statusOf(url)) === 200, PATIENCE_MS);

    const metric = {
      Namespace: "AWS/ApplicationELB",
      MetricName: "RequestCount",
      Dimensions: [{ Name: "LoadBalancer", Value: arn.split("/").slice(1).join("/") }],
    };
    const window = { StartTime: Date.now() / 1000 - 600, EndTime: Date.now() / 1000 + 600 };
    const asked = { ...window, MetricDataQueries: [{ Id: "m", MetricStat: { Metric: metric, Period: 60, Stat: "Sum" } }] };
    await until(
      "the requests are counted",
      async () => /"Values":\[\d/.test((await account.call("monitoring", "GetMetricData", asked)).text),
      PATIENCE_MS,
    );

    await account.call("elasticloadbalancing", "DeleteLoadBalancer", { LoadBalancerArn: arn });
    await until("nothing listens", async () => (await statusOf(url)) === undefined, PATIENCE_MS);
    assert.deepEqual(await healthOf(account, group), [`${key} unused Target.NotInUse`]);
  },
);

test("an HTTPS listener serves the certificates that were imported, by the versions of its policy", { timeout: 120_000 }, async (t) => {
  const all = await served(t);
  await Promise.all([all.startHost(), all.startAws()]);
  const { account } = all;
  const imported = async (host: string): Promise<string> => {
    const { certificate, key } = issued(Date.now(), [host]);
    const { body, text } = await account.call("acm", "ImportCertificate", { Certificate: base64(certificate), PrivateKey: base64(key) });
    assert.match(text, /CertificateArn/);
    return textAt(body, "CertificateArn");
  };
  const [first, second] = [await imported("a.example"), await imported("b.example")];
  const group = await targetGroup(account, "web");
  const listenerArn = await listener(account, await balancer(account, "shop"), group, {
    Protocol: "HTTPS",
    Port: 443,
    Certificates: [{ CertificateArn: first }],
    SslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06",
  });
  const { addresses } = await all.named("shop");
  const host = addresses[0]?.address ?? "";
  const nameFor = (servername: string, maxVersion: "TLSv1.1" | "TLSv1.3" = "TLSv1.3"): Promise<string | undefined> =>
    new Promise((resolve) => {
      const socket = connect({ host, port: 8443, servername, rejectUnauthorized: false, maxVersion, minVersion: "TLSv1" });
      socket.on("error", () => resolve(undefined));
      socket.on("secureConnect", () => {
        resolve(socket.getPeerCertificate().subjectaltname);
        socket.destroy();
      });
    });
  await until("it listens", async () => (await nameFor("a.example")) === "DNS:a.example", PATIENCE_MS);
  assert.equal(await nameFor("b.example"), "DNS:a.example");
  const added = { ListenerArn: listenerArn, Certificates: [{ CertificateArn: second }] };
  const answer = await account.call("elasticloadbalancing", "AddListenerCertificates", added);
  assert.equal(answer.status, 200, answer.text);
  await until("the other is served", async () => (await nameFor("b.example")) === "DNS:b.example", PATIENCE_MS);
  assert.equal(await nameFor("a.example", "TLSv1.1"), undefined);
});

test("a Network Load Balancer passes connections to its targets, and resets them where there are none", { timeout: 120_000 }, async (t) => {
  const all = await served(t);
  await Promise.all([all.startHost(), all.startAws()]);
  const { account } = all;
  // Connections that are kept would be passed on while the target drains.
  const target = await startTarget(t, (_, response) => response.writeHead(200, { connection: "close" }).end("ok"));
  const group = await targetGroup(account, "tcp", { Protocol: "TCP", HealthCheckIntervalSeconds: 5, HealthCheckTimeoutSeconds: 2 });
  await account.call("elasticloadbalancing", "RegisterTargets", { TargetGroupArn: group, Targets: [target] });
  await listener(account, await balancer(account, "net", { Type: "network" }), group, { Protocol: "TCP" });
  const [first, second] = (await all.named("net")).addresses;
  // The target's zone is the first; the load balancer does not balance over zones.
  await until("it passes", async () => (await statusOf(`http://${first?.address}:8080/`)) === 200, PATIENCE_MS);
  assert.equal(await statusOf(`http://${second?.address}:8080/`), undefined);
  await account.call("elasticloadbalancing", "DeregisterTargets", { TargetGroupArn: group, Targets: [target] });
  await until("nobody is left", async () => (await statusOf(`http://${first?.address}:8080/`)) === undefined, PATIENCE_MS);
});

test("the API's end is nothing to requests, and the load balancers' end nothing to the account", { timeout: 120_000 }, async (t) => {
  const all = await served(t);
  const [host, aws] = await Promise.all([all.startHost(), all.startAws()]);
  const { account } = all;
  let release = (): void => undefined;
  let isHeld = false;
  const target = await startTarget(t, (request, response) => {
    if (request.url !== "/slow") return response.end("quick");
    isHeld = true;
    release = () => response.end("slow");
    return response;
  });
  const { url, group } = await shop(all, target);

  const slow = fetch(`${url}slow`, { signal: AbortSignal.timeout(PATIENCE_MS) });
  await until("the request is at its target", () => isHeld, PATIENCE_MS);
  await killPart(aws);
  assert.equal(await statusOf(url), 200);
  release();
  assert.equal(await (await slow).text(), "slow");
  await all.startAws();
  const key = `${target.Id}:${target.Port}`;
  await until("health is known again", async () => (await healthOf(account, group))[0] === `${key} healthy`, PATIENCE_MS);

  await killPart(host);
  const asked = { TargetGroupArn: group };
  const codeOf = async (): Promise<string | undefined> => (await account.call("elasticloadbalancing", "DescribeTargetHealth", asked)).code;
  await until("health is not known", async () => (await codeOf()) === "HealthUnavailable", PATIENCE_MS);
  assert.equal((await account.call("elasticloadbalancing", "DescribeTargetGroups")).code, undefined);
  await all.startHost();
  await until("it serves again", async () => (await statusOf(url)) === 200, PATIENCE_MS);
  await until("health is known again", async () => (await healthOf(account, group))[0] === `${key} healthy`, PATIENCE_MS);
});

test(
  "a target group in use by nobody waits; two load balancers have addresses of their own; a lost zone is out of DNS",
  { timeout: 120_000 },
  async (t) => {
    const all = await served(t);
    await Promise.all([all.startHost(), all.startAws()]);
    const { account, control } = all;
    const target = await startTarget(t, (_, response) => response.end("ok"));
    const { url } = await shop(all, target);
    const group = await targetGroup(account, "spare", { TargetType: "ip" });
    await account.call("elasticloadbalancing", "RegisterTargets", { TargetGroupArn: group, Targets: [target] });
    assert.match((await healthOf(account, group))[0] ?? "", / unused Target\.NotInUse$/);
    const fixed = { Type: "fixed-response", FixedResponseConfig: { StatusCode: "404" } };
    await listener(account, await balancer(account, "other"), group, { DefaultActions: [fixed] });
    const other = await all.named("other");
    await until("the other serves", async () => (await statusOf(`http://${other.addresses[1]?.address}:8080/`)) === 404, PATIENCE_MS);
    assert.equal(await statusOf(url), 200);
    const shared = new Set([...(await all.named("shop")).addresses, ...other.addresses].map(({ address }) => address));
    assert.equal(shared.size, 6);

    await control("POST", "/zones/eu-central-1b/lose");
    await until("its node is gone", async () => (await statusOf(`http://${other.addresses[1]?.address}:8080/`)) === undefined, PATIENCE_MS);
    const { addresses } = await all.named("other");
    assert.deepEqual(
      addresses.map(({ isAnswered }) => isAnswered),
      [true, false, true],
    );
  },
);
