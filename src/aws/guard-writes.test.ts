import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { text } from "node:stream/consumers";
import { AppError, systemClock, systemRandom } from "../kernel/index.ts";
import { isRead } from "./governor.ts";
import { type Aws, connectAws } from "./index.ts";

const ARN = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/a/1";
const TAGS = new Map([["a", "b"]]);
const RULES = [{ cidr: "0.0.0.0/0", fromPort: 443, toPort: 443 }];
const TARGETS = [{ id: "10.0.0.1", port: 9999, zone: undefined }];
const LISTENER = { port: 80, protocol: "HTTP", sslPolicy: undefined, certificate: undefined, actions: [] };
const RULE = { hosts: ["*.cluster.local"], action: { type: "forward", groups: [{ arn: ARN, weight: 1 }] } } as const;
const HEALTH = {
  protocol: "HTTP",
  port: "9911",
  path: "/",
  intervalSeconds: 10,
  timeoutSeconds: 5,
  healthyThreshold: 2,
  unhealthyThreshold: 2,
  matcher: "200",
};
const GROUP = { name: "a", protocol: "HTTP", port: 9999, vpcId: "vpc-1", targetType: "ip", healthCheck: HEALTH, tags: TAGS } as const;
const BALANCER = {
  name: "a",
  type: "application",
  scheme: "internal",
  ipAddressType: "ipv4",
  subnets: ["subnet-a"],
  securityGroups: [],
  tags: TAGS,
} as const;

/** Every method that changes something, by the service and its name. */
const WRITES: Readonly<Record<string, (aws: Aws) => Promise<unknown>>> = {
  "ec2 stopInstances": ({ ec2 }) => ec2.stopInstances(["i-1"], false),
  "ec2 startInstances": ({ ec2 }) => ec2.startInstances(["i-1"]),
  "ec2 terminateInstances": ({ ec2 }) => ec2.terminateInstances(["i-1"]),
  "autoscaling suspendProcesses": ({ autoscaling }) => autoscaling.suspendProcesses("a", ["Launch"]),
  "autoscaling resumeProcesses": ({ autoscaling }) => autoscaling.resumeProcesses("a", ["Launch"]),
  "elb createLoadBalancer": ({ elb }) => elb.createLoadBalancer(BALANCER),
  "elb setSecurityGroups": ({ elb }) => elb.setSecurityGroups(ARN, ["sg-1"]),
  "elb setSubnets": ({ elb }) => elb.setSubnets(ARN, ["subnet-a"]),
  "elb setIpAddressType": ({ elb }) => elb.setIpAddressType(ARN, "ipv4"),
  "elb createTargetGroup": ({ elb }) => elb.createTargetGroup(GROUP),
  "elb modifyTargetGroup": ({ elb }) => elb.modifyTargetGroup(ARN, HEALTH),
  "elb createListener": ({ elb }) => elb.createListener(ARN, LISTENER, TAGS),
  "elb modifyListener": ({ elb }) => elb.modifyListener(ARN, LISTENER),
  "elb createRule": ({ elb }) => elb.createRule(ARN, 1, RULE, TAGS),
  "elb modifyRule": ({ elb }) => elb.modifyRule(ARN, RULE),
  "elb addCertificates": ({ elb }) => elb.addCertificates(ARN, [ARN]),
  "elb removeCertificates": ({ elb }) => elb.removeCertificates(ARN, [ARN]),
  "elb register": ({ elb }) => elb.register(ARN, TARGETS),
  "elb deregister": ({ elb }) => elb.deregister(ARN, TARGETS),
  "elb modifyLoadBalancerAttributes": ({ elb }) => elb.modifyLoadBalancerAttributes(ARN, TAGS),
  "elb modifyTargetGroupAttributes": ({ elb }) => elb.modifyTargetGroupAttributes(ARN, TAGS),
  "elb addTags": ({ elb }) => elb.addTags([ARN], TAGS),
  "elb removeTags": ({ elb }) => elb.removeTags([ARN], ["a"]),
  "elb deleteListener": ({ elb }) => elb.deleteListener(ARN),
  "elb deleteLoadBalancer": ({ elb }) => elb.deleteLoadBalancer(ARN),
  "elb deleteTargetGroup": ({ elb }) => elb.deleteTargetGroup(ARN),
  "ec2 createSecurityGroup": ({ ec2 }) => ec2.createSecurityGroup({ name: "a", description: "a", vpcId: "vpc-1", tags: TAGS }),
  "ec2 authorizeIngress": ({ ec2 }) => ec2.authorizeIngress("sg-1", RULES),
  "ec2 revokeIngress": ({ ec2 }) => ec2.revokeIngress("sg-1", RULES),
  "ec2 deleteSecurityGroup": ({ ec2 }) => ec2.deleteSecurityGroup("sg-1"),
  "ec2 createTags": ({ ec2 }) => ec2.createTags(["sg-1"], TAGS),
  "autoscaling attachTargetGroups": ({ autoscaling }) => autoscaling.attachTargetGroups("nodes", [ARN]),
  "autoscaling detachTargetGroups": ({ autoscaling }) => autoscaling.detachTargetGroups("nodes", [ARN]),
  "waf associate": ({ waf }) => waf.associate(ARN, ARN),
  "waf disassociate": ({ waf }) => waf.disassociate(ARN),
};

const READS: ReadonlySet<string> = new Set(
  [
    "loadBalancers loadBalancer loadBalancerNamed targetGroups targetGroup targetGroupNamed listeners listener rules accountLimits sslPolicies",
    "certificates certificate tags targetHealth loadBalancerAttributes targetGroupAttributes",
    "vpcs subnets routeTables securityGroups securityGroup instances instancesById groups groupsNamed webAcl traffic",
  ].flatMap((line) => line.split(" ")),
);

/** A server that takes no request, and a guard that can be turned. */
async function guarded(t: TestContext) {
  const sent: string[] = [];
  const state = { mayWrite: true };
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const isJson = request.headers["x-amz-target"] !== undefined;
      sent.push(isJson ? "wafv2" : (new URLSearchParams(body).get("Action") ?? ""));
      response.statusCode = 400;
      response.setHeader("x-amzn-requestid", "1");
      if (isJson) response.setHeader("x-amzn-errortype", "WAFInvalidParameterException");
      response.end(isJson ? "{}" : REFUSAL);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: "AKIA", secretAccessKey: "secret" };
  const guard = (): void => {
    if (!state.mayWrite) throw new AppError("KUBE_NOT_LEADER", "another one leads");
  };
  const aws = connectAws(
    { region: "eu-central-1", endpoint, credentials, guard, share: 100 },
    { clock: systemClock, random: systemRandom },
  );
  t.after(() => {
    aws.close();
    server.close();
    server.closeAllConnections();
  });
  return { aws, sent, state };
}

const REFUSAL = `<ErrorResponse><Error><Code>ValidationError</Code><Message>no</Message></Error><RequestId>1</RequestId></ErrorResponse>`;

test("every write of every service is sent while the guard allows it, and none on the open connection when it does not", async (t) => {
  const { aws, sent, state } = await guarded(t);
  for (const [name, write] of Object.entries(WRITES)) await assert.rejects(write(aws), { code: "AWS_REFUSED" }, name);
  assert.equal(sent.length, Object.keys(WRITES).length);
  state.mayWrite = false;
  for (const [name, write] of Object.entries(WRITES)) await assert.rejects(write(aws), { code: "KUBE_NOT_LEADER" }, name);
  assert.equal(sent.length, Object.keys(WRITES).length);
});

test("every method of the services is known as one that reads or one that writes", async (t) => {
  const { aws } = await guarded(t);
  const known = new Set(Object.keys(WRITES));
  for (const [service, api] of Object.entries(aws) as readonly (readonly [string, unknown])[]) {
    if (typeof api !== "object" || api === null) continue;
    const methods = methodsOf(api).filter((name) => !READS.has(name));
    for (const name of methods) assert.ok(known.delete(`${service} ${name}`), `${service}.${name} neither reads nor writes`);
  }
  assert.deepEqual([...known], []);
});

test("an action that is not known to read is a write", () => {
  for (const action of ["DescribeTags", "ListCertificates", "GetMetricData"]) assert.ok(isRead(action));
  for (const action of ["", "AddTags", "SetSubnets", "PutScalingPolicy", "RegisterTargets"]) assert.ok(!isRead(action));
});

function methodsOf(api: object): readonly string[] {
  const prototype: unknown = Object.getPrototypeOf(api);
  if (typeof prototype !== "object" || prototype === null || prototype === Object.prototype) return [];
  return [...Object.getOwnPropertyNames(prototype).filter((name) => name !== "constructor"), ...methodsOf(prototype)];
}
