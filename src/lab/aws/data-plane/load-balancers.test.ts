import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type LoadBalancerConfig, parseHostConfig } from "../../alb/index.ts";
import { withZoneLost } from "../ec2/interruptions.ts";
import { balancer, certificate, forward, listener, targetGroup } from "../testing/elbv2-kit.ts";
import { type TestAccount, groupOf, testAccount } from "../testing/test-account.ts";
import type { AwsWorld } from "../world/world.ts";
import { withAddresses } from "./addresses.ts";
import { hostedLoadBalancers } from "./load-balancers.ts";
import { namedLoadBalancers } from "./names.ts";

const ELB = "elasticloadbalancing";
const SETTINGS = { lowPortOffset: 8000, deregisterDelayMs: 1_000, healthCheckSecondMs: 100 };

/** What is to be served of a world, as a host takes it. */
function hosted(world: AwsWorld): readonly LoadBalancerConfig[] {
  const configs = hostedLoadBalancers(withAddresses(world, ["127.9.2"]), SETTINGS);
  const control = { host: "127.0.0.1", port: 1, token: "t" };
  // Over the wire nothing may be lost or refused.
  assert.deepEqual(parseHostConfig(JSON.parse(JSON.stringify({ control, loadBalancers: configs }))).loadBalancers, configs);
  return configs;
}

function only(world: AwsWorld): LoadBalancerConfig {
  const [config, ...more] = hosted(world);
  assert.ok(config !== undefined && more.length === 0);
  return config;
}

async function done(account: TestAccount, service: "elasticloadbalancing" | "ec2", action: string, input: object): Promise<void> {
  const { status, text } = await account.call(service, action, { ...input });
  assert.equal(status, 200, text);
}

test("listeners, rules and target groups are as the account has them, seconds as milliseconds", async (t) => {
  const account = await testAccount(t);
  const web = await targetGroup(account, "web", {
    HealthCheckPath: "/readyz",
    HealthCheckPort: "9911",
    HealthCheckIntervalSeconds: 10,
    HealthCheckTimeoutSeconds: 5,
    Matcher: { HttpCode: "200-204" },
  });
  const api = await targetGroup(account, "api");
  await done(account, ELB, "ModifyTargetGroupAttributes", {
    TargetGroupArn: web,
    Attributes: [
      { Key: "deregistration_delay.timeout_seconds", Value: "20" },
      { Key: "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", Value: "2" },
      { Key: "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", Value: "50" },
      { Key: "load_balancing.algorithm.type", Value: "least_outstanding_requests" },
    ],
  });
  const shop = await balancer(account, "shop");
  await done(account, ELB, "ModifyLoadBalancerAttributes", {
    LoadBalancerArn: shop,
    Attributes: [{ Key: "idle_timeout.timeout_seconds", Value: "30" }],
  });
  const split = { Type: "forward", ForwardConfig: { TargetGroups: [{ TargetGroupArn: web, Weight: 9 }, { TargetGroupArn: api }] } };
  const listenerArn = await listener(account, shop, web, { DefaultActions: [split] });
  const rules: readonly (readonly [object, object])[] = [
    [
      { Field: "path-pattern", Values: ["/old/*"] },
      { Type: "redirect", RedirectConfig: { StatusCode: "HTTP_302", Path: "/new/#{path}", Query: "" } },
    ],
    [
      { Field: "host-header", Values: ["*.cluster.local"] },
      { Type: "fixed-response", FixedResponseConfig: { StatusCode: "401" } },
    ],
    [{ Field: "http-header", HttpHeaderConfig: { HttpHeaderName: "X-Canary", Values: ["yes"] } }, forward(api)],
    [{ Field: "query-string", QueryStringConfig: { Values: [{ Key: "v", Value: "2" }, { Value: "3" }] } }, forward(api)],
    [{ Field: "source-ip", SourceIpConfig: { Values: ["127.0.0.0/8", "2001:db8::/32"] } }, forward(api)],
    [{ Field: "source-ip", SourceIpConfig: { Values: ["2001:db8::/32"] } }, forward(api)],
  ];
  for (const [at, [condition, action]] of rules.entries())
    await done(account, ELB, "CreateRule", { ListenerArn: listenerArn, Priority: at + 1, Conditions: [condition], Actions: [action] });

  const config = only(account.store.now);
  assert.match(config.id, /^app-shop-[0-9a-f]{16}$/);
  assert.deepEqual(config.nodes, [
    { zone: "eu-central-1a", address: "127.9.2.1" },
    { zone: "eu-central-1b", address: "127.9.2.2" },
    { zone: "eu-central-1c", address: "127.9.2.3" },
  ]);
  assert.deepEqual([config.attributes.idleTimeoutMs, config.attributes.deregisterPropagationMs], [30_000, 1_000]);
  const [webName = "", apiName = ""] = config.targetGroups.map(({ name }) => name);
  const group = config.targetGroups[0];
  assert.match(webName, /^web\/[0-9a-f]+$/);
  assert.deepEqual(group?.healthCheck, {
    protocol: "HTTP",
    path: "/readyz",
    port: 9911,
    intervalMs: 1_000,
    timeoutMs: 500,
    healthyThreshold: 5,
    unhealthyThreshold: 2,
    matcher: "200-204",
  });
  assert.deepEqual(
    [group.algorithm, group.crossZone, group.deregistrationDelayMs, group.minimumHealthyCount, group.minimumHealthyPercentage],
    ["least_outstanding_requests", true, 20_000, 2, 50],
  );
  const [http] = config.listeners;
  assert.deepEqual([http?.protocol, http?.port, http?.externalPort], ["HTTP", 8080, 80]);
  assert.deepEqual(http?.defaultAction, {
    type: "forward",
    targetGroups: [
      { name: webName, weight: 9 },
      { name: apiName, weight: 1 },
    ],
  });
  assert.deepEqual(
    http.rules.map(({ priority, conditions: [condition], action }) => [priority, condition?.field, action.type]),
    [
      [1, "path-pattern", "redirect"],
      [2, "host-header", "fixed-response"],
      [3, "http-header", "forward"],
      [4, "query-string", "forward"],
      [5, "source-ip", "forward"],
    ],
    "a rule for IPv6 clients alone meets nobody",
  );
});

test("targets are those that are registered, run, and can be reached; instances at their private address", async (t) => {
  const account = await testAccount(t, { world: { autoScalingGroups: new Map([["nodes", groupOf(3)]]) } });
  await account.call("autoscaling", "DescribeAutoScalingGroups");
  await account.clock.advance(20_000);
  await account.call("autoscaling", "DescribeAutoScalingGroups");
  // Where the lab has its nodes.
  const instances = [...account.store.now.instances.values()].map((one, at) => ({ ...one, privateIp: `127.9.1.${at + 1}` }));
  account.store.put({ ...account.store.now, instances: new Map(instances.map((one) => [one.id, one])) }, account.clock.wallMs());
  const nodes = await targetGroup(account, "nodes", { TargetType: "instance" });
  await done(account, ELB, "RegisterTargets", { TargetGroupArn: nodes, Targets: instances.map(({ id }) => ({ Id: id })) });
  await listener(account, await balancer(account, "shop", { Subnets: ["subnet-a", "subnet-b"] }), nodes);
  const addresses = (): readonly string[] => only(account.store.now).targetGroups.flatMap(({ targets }) => targets.map(({ id }) => id));
  // The third is in a zone that the load balancer has not.
  assert.deepEqual(addresses(), ["127.9.1.1", "127.9.1.2"]);
  await done(account, ELB, "DeregisterTargets", { TargetGroupArn: nodes, Targets: [{ Id: instances[0]?.id }] });
  assert.deepEqual(addresses(), ["127.9.1.2"]);
  await done(account, "ec2", "StopInstances", { InstanceId: [instances[1]?.id] });
  assert.deepEqual(addresses(), []);

  const pods = await targetGroup(account, "pods");
  await done(account, ELB, "RegisterTargets", {
    TargetGroupArn: pods,
    Targets: [{ Id: "10.0.0.5" }, { Id: "127.9.11.5", AvailabilityZone: "all" }],
  });
  await listener(account, await balancer(account, "direct"), pods);
  const direct = hosted(account.store.now).find(({ name }) => name === "direct");
  assert.deepEqual(direct?.targetGroups[0]?.targets, [{ id: "127.9.11.5", port: 9999, zone: "all" }]);
});

test("a Network Load Balancer does not balance over zones unless it is told to; UDP is left out, and nothing else with it", async (t) => {
  const account = await testAccount(t);
  const net = await balancer(account, "net", { Type: "network" });
  const tcp = await targetGroup(account, "tcp", { Protocol: "TCP" });
  await listener(account, net, tcp, { Protocol: "TCP", Port: 443 });
  const udp = await targetGroup(account, "udp", { Protocol: "UDP" });
  await listener(account, net, udp, { Protocol: "UDP", Port: 53 });
  const config = only(account.store.now);
  assert.equal(config.type, "network");
  assert.deepEqual(
    config.listeners.map(({ protocol, port, tcpIdleTimeoutMs }) => [protocol, port, tcpIdleTimeoutMs]),
    [["TCP", 8443, 350_000]],
  );
  assert.deepEqual(
    config.targetGroups.map(({ protocol, crossZone, cutsAtDelayEnd, healthCheck }) => [
      protocol,
      crossZone,
      cutsAtDelayEnd,
      healthCheck.protocol,
    ]),
    [["TCP", false, false, "TCP"]],
  );
  await done(account, ELB, "ModifyLoadBalancerAttributes", {
    LoadBalancerArn: net,
    Attributes: [{ Key: "load_balancing.cross_zone.enabled", Value: "true" }],
  });
  assert.equal(only(account.store.now).targetGroups[0]?.crossZone, true);
});

test("a listener of HTTPS has its certificates, the default one first, and what its policy allows", async (t) => {
  const account = await testAccount(t);
  const [first, second] = [await certificate(account, "a.example"), await certificate(account, "b.example")];
  const listenerArn = await listener(account, await balancer(account, "shop"), await targetGroup(account, "web"), {
    Protocol: "HTTPS",
    Port: 443,
    Certificates: [{ CertificateArn: first }],
    SslPolicy: "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
  });
  await done(account, ELB, "AddListenerCertificates", { ListenerArn: listenerArn, Certificates: [{ CertificateArn: second }] });
  const { listeners, certificates } = only(account.store.now);
  assert.deepEqual(listeners[0]?.tls?.certificates, [first, second]);
  assert.deepEqual([listeners[0].tls.minVersion, listeners[0].tls.maxVersion], ["TLSv1.2", "TLSv1.3"]);
  assert.match(listeners[0].tls.ciphers, /^TLS_AES_128_GCM_SHA256:.*ECDHE-RSA-AES256-GCM-SHA384:@SECLEVEL=0$/);
  assert.deepEqual(
    certificates.map(({ arn }) => arn),
    [first, second],
  );
});

test("a revision changes with what is to be served, and with nothing else", async (t) => {
  const account = await testAccount(t);
  const web = await targetGroup(account, "web");
  await listener(account, await balancer(account, "shop"), web);
  const { revision } = only(account.store.now);
  await targetGroup(account, "of-nobody");
  assert.equal(only(account.store.now).revision, revision);
  await done(account, ELB, "RegisterTargets", { TargetGroupArn: web, Targets: [{ Id: "127.9.1.1", AvailabilityZone: "all" }] });
  assert.notEqual(only(account.store.now).revision, revision);
});

test("addresses stay while a load balancer has its zones, and are given out again when it is gone", async (t) => {
  const account = await testAccount(t);
  const one = await balancer(account, "one", { Subnets: ["subnet-a", "subnet-b"] });
  const first = withAddresses(account.store.now, ["127.9.2"]);
  assert.equal(withAddresses(first, ["127.9.2"]), first);
  account.store.put(first, account.clock.wallMs());
  await done(account, ELB, "SetSubnets", { LoadBalancerArn: one, Subnets: ["subnet-b", "subnet-c"] });
  const second = withAddresses(account.store.now, ["127.9.2"]);
  assert.deepEqual(Object.fromEntries(second.nodeAddresses.get(one) ?? []), {
    "eu-central-1b": "127.9.2.2",
    "eu-central-1c": "127.9.2.3",
  });
  account.store.put(second, account.clock.wallMs());
  await done(account, ELB, "DeleteLoadBalancer", { LoadBalancerArn: one });
  assert.equal(withAddresses(account.store.now, ["127.9.2"]).nodeAddresses.size, 0);
});

async function named(
  t: TestContext,
): Promise<{ readonly account: TestAccount; readonly answered: (world?: AwsWorld) => readonly string[] }> {
  const account = await testAccount(t);
  const net = await balancer(account, "net", { Type: "network" });
  const tcp = await targetGroup(account, "tcp", { Protocol: "TCP" });
  await listener(account, net, tcp, { Protocol: "TCP" });
  const targets = ["127.9.1.1", "127.9.1.2"].map((Id, at) => ({ Id, AvailabilityZone: `eu-central-1${"ab"[at] ?? ""}` }));
  await done(account, ELB, "RegisterTargets", { TargetGroupArn: tcp, Targets: targets });
  account.health.set(`${tcp} 127.9.1.1:9999`, { state: "healthy" });
  account.health.set(`${tcp} 127.9.1.2:9999`, { state: "unhealthy" });
  const answered = (world = account.store.now): readonly string[] =>
    namedLoadBalancers(withAddresses(world, ["127.9.2"]), (arn, key) => account.health.get(`${arn} ${key}`), 8000).flatMap(
      ({ addresses }) => addresses.filter(({ isAnswered }) => isAnswered).map(({ zone }) => zone.slice(-1)),
    );
  return { account, answered };
}

test("DNS leaves out zones without a healthy target, and lost ones; with none left it answers all", async (t) => {
  const { account, answered } = await named(t);
  assert.deepEqual(answered(), ["a"]);
  const lost = withZoneLost(account.store.now, "eu-central-1a", account.clock.wallMs());
  assert.deepEqual(answered(lost), ["a", "b", "c"]);
  assert.deepEqual(
    hosted(lost)[0]?.nodes.map(({ zone }) => zone.slice(-1)),
    ["b", "c"],
  );
});
