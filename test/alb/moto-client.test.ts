import assert from "node:assert/strict";
import { test } from "node:test";
import { ACM } from "@aws-sdk/client-acm";
import { AutoScaling } from "@aws-sdk/client-auto-scaling";
import { EC2 } from "@aws-sdk/client-ec2";
import { type Aws, connectAws } from "../../src/aws/index.ts";
import { seededRandom, systemClock } from "../../src/kernel/index.ts";
import { issued } from "../../src/lab/aws/testing/elbv2-kit.ts";
import { MOTO_CREDENTIALS, MOTO_REGION, NOT_RUN, hasMoto, startMoto } from "./kit/moto.ts";

const HEALTH_CHECK = {
  protocol: "HTTP",
  port: "9998",
  path: "/healthz",
  intervalSeconds: 10,
  timeoutSeconds: 5,
  healthyThreshold: 5,
  unhealthyThreshold: 2,
  matcher: "200-299",
};

if (hasMoto) {
  test("the client speaks to AWS as moto, which others wrote, understands it", async (t) => {
    const endpoint = await startMoto(t);
    const place = { endpoint, region: MOTO_REGION, credentials: MOTO_CREDENTIALS };
    const ec2 = new EC2(place);
    const acm = new ACM(place);
    const aws: Aws = connectAws(place, { clock: systemClock, random: seededRandom(1) });
    t.after(() => {
      aws.close();
      ec2.destroy();
      acm.destroy();
    });
    const vpcId = (await ec2.describeVpcs({})).Vpcs?.[0]?.VpcId ?? "";
    const subnets = ((await ec2.describeSubnets({})).Subnets ?? []).map(({ SubnetId }) => SubnetId ?? "");
    assert.ok(vpcId !== "" && subnets.length >= 2);
    const certificates = await Promise.all(
      ["shop.example.org", "api.example.org"].map(async (host) => {
        const { certificate, key } = issued(Date.now(), [host]);
        const made = await acm.importCertificate({ Certificate: Buffer.from(certificate), PrivateKey: Buffer.from(key) });
        return made.CertificateArn ?? "";
      }),
    );
    const { elb } = aws;
    const tags = new Map([["holdfast.dev/cluster", "lab"]]);

    assert.match((await aws.identity()).arn, /^arn:aws:/);
    const group = await elb.createTargetGroup({
      name: "shop",
      protocol: "HTTP",
      port: 9999,
      vpcId,
      targetType: "ip",
      healthCheck: HEALTH_CHECK,
      tags,
    });
    assert.deepEqual(group.healthCheck, HEALTH_CHECK);
    const made = await elb.createLoadBalancer({
      name: "shop",
      type: "application",
      scheme: "internet-facing",
      ipAddressType: "ipv4",
      subnets,
      securityGroups: [],
      tags,
    });
    const forward = [{ type: "forward" as const, groups: [{ arn: group.arn, weight: 1 }] }];
    const https = { port: 443, protocol: "HTTPS", sslPolicy: "ELBSecurityPolicy-2016-08", actions: forward };
    const listener = await elb.createListener(made.arn, { ...https, certificate: certificates[0] }, tags);
    const toHttps = [{ type: "redirect" as const, protocol: "HTTPS" as const, port: 443, status: "HTTP_301" as const }];
    await elb.createListener(
      made.arn,
      { port: 80, protocol: "HTTP", sslPolicy: undefined, certificate: undefined, actions: toHttps },
      tags,
    );
    await elb.addCertificates(listener.arn, certificates.slice(1));
    await elb.register(group.arn, [{ id: "10.0.0.5", port: 9999, zone: undefined }]);
    await elb.modifyLoadBalancerAttributes(made.arn, new Map([["idle_timeout.timeout_seconds", "61"]]));
    await elb.modifyTargetGroupAttributes(group.arn, new Map([["deregistration_delay.timeout_seconds", "20"]]));
    await elb.addTags([made.arn], new Map([["more", "yes"]]));

    assert.deepEqual(
      (await elb.loadBalancers()).map(({ name, state }) => `${name} ${state}`),
      ["shop active"],
    );
    assert.deepEqual(
      (await elb.targetGroups()).map(({ name, loadBalancerArns }) => [name, loadBalancerArns]),
      [["shop", [made.arn]]],
    );
    const listeners = await elb.listeners(made.arn);
    assert.deepEqual(listeners.map(({ port, protocol }) => `${protocol} ${port}`).toSorted(), ["HTTP 80", "HTTPS 443"]);
    assert.equal(listeners.find(({ port }) => port === 80)?.defaultActions[0]?.redirect?.["StatusCode"], "HTTP_301");
    assert.deepEqual((await elb.certificates(listener.arn)).toSorted(), certificates.toSorted());
    assert.deepEqual(
      (await elb.targetHealth(group.arn)).map(({ id, state }) => `${id} ${state}`),
      ["10.0.0.5 healthy"],
    );
    assert.equal((await elb.loadBalancerAttributes(made.arn)).get("idle_timeout.timeout_seconds"), "61");
    assert.equal((await elb.targetGroupAttributes(group.arn)).get("deregistration_delay.timeout_seconds"), "20");
    assert.deepEqual((await elb.tags([made.arn])).get(made.arn), new Map([...tags, ["more", "yes"]]));

    await elb.modifyListener(listener.arn, { ...https, certificate: certificates[1] });
    await elb.removeCertificates(listener.arn, certificates.slice(0, 1));
    await elb.deregister(group.arn, [{ id: "10.0.0.5", port: 9999, zone: undefined }]);
    for (const { arn } of listeners) await elb.deleteListener(arn);
    await elb.deleteLoadBalancer(made.arn);
    await elb.deleteTargetGroup(group.arn);
    assert.deepEqual(await elb.loadBalancers(), []);
    assert.deepEqual(await elb.targetGroups(), []);
    await assert.rejects(elb.listeners(made.arn), { code: "AWS_NOT_FOUND" });
  });
} else process.stdout.write(`not run: the client of AWS against moto ${NOT_RUN}\n`);

const cluster = new Map([["kubernetes.io/cluster/lab", "owned"]]);

if (hasMoto) {
  test("security groups, networks, Auto Scaling groups and certificates are read and changed at moto", async (t) => {
    const endpoint = await startMoto(t);
    const place = { endpoint, region: MOTO_REGION, credentials: MOTO_CREDENTIALS };
    const sdk = { ec2: new EC2(place), acm: new ACM(place), autoscaling: new AutoScaling(place) };
    const aws: Aws = connectAws(place, { clock: systemClock, random: seededRandom(1) });
    t.after(() => {
      aws.close();
      for (const client of Object.values(sdk)) client.destroy();
    });
    const [vpc] = await aws.ec2.vpcs(new Map());
    assert.ok(vpc !== undefined);
    const subnets = await aws.ec2.subnets(new Map([["vpc-id", [vpc.id]]]));
    assert.ok(subnets.length >= 2);
    assert.ok((await aws.ec2.routeTables(new Map([["vpc-id", [vpc.id]]]))).length >= 1);

    const own = await aws.ec2.createSecurityGroup({ name: "hf-lab", description: "of a test", vpcId: vpc.id, tags: cluster });
    const rules = [
      { cidr: "10.0.0.0/8", fromPort: 80, toPort: 80 },
      { cidr: "10.0.0.0/8", fromPort: 443, toPort: 443 },
    ];
    await aws.ec2.authorizeIngress(own, rules.slice(0, 1));
    await aws.ec2.authorizeIngress(own, rules);
    assert.equal((await aws.ec2.securityGroup(own)).tags.get("kubernetes.io/cluster/lab"), "owned");
    assert.equal((await aws.ec2.securityGroups(new Map([["group-id", [own]]]))).length, 1);
    await aws.ec2.revokeIngress(own, rules);
    await aws.ec2.deleteSecurityGroup(own);
    await assert.rejects(aws.ec2.securityGroup(own), { code: "AWS_NOT_FOUND" });

    await sdk.autoscaling.createLaunchConfiguration({
      LaunchConfigurationName: "nodes",
      ImageId: "ami-12c6146b",
      InstanceType: "m5.large",
    });
    await sdk.autoscaling.createAutoScalingGroup({
      AutoScalingGroupName: "nodes",
      LaunchConfigurationName: "nodes",
      MinSize: 0,
      MaxSize: 4,
      DesiredCapacity: 2,
      VPCZoneIdentifier: subnets.map(({ id }) => id).join(","),
      Tags: [{ Key: "kubernetes.io/cluster/lab", Value: "owned", PropagateAtLaunch: true }],
    });
    const group = await aws.elb.createTargetGroup({
      name: "nodes",
      protocol: "HTTP",
      port: 9999,
      vpcId: vpc.id,
      targetType: "instance",
      healthCheck: HEALTH_CHECK,
      tags: cluster,
    });
    assert.deepEqual(
      (await aws.autoscaling.groups(cluster)).map(({ name, instances }) => [name, instances.length]),
      [["nodes", 2]],
    );
    await aws.autoscaling.attachTargetGroups("nodes", [group.arn]);
    assert.deepEqual(
      (await aws.autoscaling.targetGroups("nodes")).map(({ arn }) => arn),
      [group.arn],
    );
    await aws.autoscaling.detachTargetGroups("nodes", [group.arn]);
    assert.deepEqual(await aws.autoscaling.targetGroups("nodes"), []);

    const { certificate, key } = issued(Date.now(), ["shop.example.org"]);
    const { CertificateArn = "" } = await sdk.acm.importCertificate({
      Certificate: Buffer.from(certificate),
      PrivateKey: Buffer.from(key),
      Tags: [{ Key: "use", Value: "yes" }],
    });
    const { certificates, unreadable } = await aws.acm.certificates({ withTags: true });
    assert.deepEqual(unreadable, []);
    assert.deepEqual(
      certificates.map(({ arn, names }) => [arn, names]),
      [[CertificateArn, ["shop.example.org"]]],
    );
    assert.deepEqual((await aws.iam.certificates()).certificates, []);
  });
}
