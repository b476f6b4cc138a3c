import assert from "node:assert/strict";
import { test } from "node:test";
import { ACM } from "@aws-sdk/client-acm";
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
    const forward = [{ Type: "forward" as const, TargetGroupArn: group.arn }];
    const https = { port: 443, protocol: "HTTPS", sslPolicy: "ELBSecurityPolicy-2016-08", defaultActions: forward };
    const listener = await elb.createListener(made.arn, { ...https, certificate: certificates[0] }, tags);
    const toHttps = [
      { Type: "redirect" as const, RedirectConfig: { Protocol: "HTTPS" as const, Port: "443", StatusCode: "HTTP_301" as const } },
    ];
    await elb.createListener(
      made.arn,
      { port: 80, protocol: "HTTP", sslPolicy: undefined, certificate: undefined, defaultActions: toHttps },
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
