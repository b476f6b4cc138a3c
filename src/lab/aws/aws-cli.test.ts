import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { systemClock } from "../../kernel/index.ts";
import { awsCli, hasAwsCli } from "./testing/aws-cli.ts";
import { issued } from "./testing/elbv2-kit.ts";
import { ACCOUNT, type TestAccount, groupOf, testAccount } from "./testing/test-account.ts";
import { at, textAt } from "./testing/xml.ts";

type Run = (command: string, json?: unknown) => Promise<unknown>;

/** Runs commands, their words split at blanks and one in JSON after them, that must succeed. */
function runner(account: TestAccount): Run {
  return async (command, json) => {
    const args = [...command.split(" "), ...(json === undefined ? [] : [JSON.stringify(json)])];
    const { status, output, stderr } = await awsCli(account.url, ...args);
    assert.equal(status, 0, `aws ${command}: ${stderr}`);
    return output;
  };
}

const arnAt = (output: unknown, ...path: readonly (string | number)[]): string => {
  const arn = textAt(output, ...path);
  assert.match(arn, /^arn:aws:/, JSON.stringify(output));
  return arn;
};

function pemFiles(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-aws-cli-"));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
  const { certificate, key } = issued(Date.now(), ["shop.example", "*.shop.example"]);
  writeFileSync(join(folder, "tls.crt"), certificate);
  writeFileSync(join(folder, "tls.key"), key);
  return folder;
}

if (hasAwsCli) {
  test("the aws CLI makes a load balancer and all that belongs to it", async (t) => {
    const account = await testAccount(t, { realClock: systemClock, world: { autoScalingGroups: new Map([["nodes", groupOf(3)]]) } });
    const run = runner(account);
    const folder = pemFiles(t);
    const [imported, made, grouped] = await Promise.all([
      run(
        `acm import-certificate --certificate fileb://${folder}/tls.crt --private-key fileb://${folder}/tls.key --tags Key=owner,Value=a`,
      ),
      run("elbv2 create-load-balancer --name shop --subnets subnet-a subnet-b --security-groups sg-1 --tags Key=a,Value=b"),
      run("elbv2 create-target-group --name nodes --protocol HTTP --port 9999 --vpc-id vpc-1 --health-check-path /healthz"),
    ]);
    const certificate = arnAt(imported, "CertificateArn");
    const balancer = arnAt(made, "LoadBalancers", 0, "LoadBalancerArn");
    const group = arnAt(grouped, "TargetGroups", 0, "TargetGroupArn");
    const actions = [{ Type: "forward", ForwardConfig: { TargetGroups: [{ TargetGroupArn: group, Weight: 7 }] } }];
    const listened = await run(
      `elbv2 create-listener --load-balancer-arn ${balancer} --protocol HTTPS --port 443 --certificates CertificateArn=${certificate} --default-actions`,
      actions,
    );
    const listener = arnAt(listened, "Listeners", 0, "ListenerArn");
    assert.equal(at(listened, "Listeners", 0, "DefaultActions", 0, "ForwardConfig", "TargetGroups", 0, "Weight"), 7);
    const deny = [
      { Type: "fixed-response", FixedResponseConfig: { StatusCode: "401", ContentType: "text/plain", MessageBody: 'no <entry> & "so"' } },
    ];
    const [ruled, , tags, described] = await Promise.all([
      run(`elbv2 create-rule --listener-arn ${listener} --priority 1 --conditions Field=host-header,Values=*.internal --actions`, deny),
      run(`autoscaling attach-load-balancer-target-groups --auto-scaling-group-name nodes --target-group-arns ${group}`),
      run(`elbv2 describe-tags --resource-arns ${balancer} ${group}`),
      run(`acm describe-certificate --certificate-arn ${certificate}`),
    ]);
    assert.equal(at(ruled, "Rules", 0, "Actions", 0, "FixedResponseConfig", "MessageBody"), 'no <entry> & "so"');
    assert.deepEqual(at(tags, "TagDescriptions"), [
      { ResourceArn: balancer, Tags: [{ Key: "a", Value: "b" }] },
      { ResourceArn: group, Tags: [] },
    ]);
    assert.deepEqual(at(described, "Certificate", "SubjectAlternativeNames"), ["shop.example", "*.shop.example"]);
    assert.deepEqual(at(described, "Certificate", "InUseBy"), [balancer]);
    const groups = await run("autoscaling describe-auto-scaling-groups --auto-scaling-group-names nodes");
    assert.deepEqual(at(groups, "AutoScalingGroups", 0, "TargetGroupARNs"), [group]);
  });

  test("the aws CLI reads accounts, networks, instances and server certificates, and AWS's errors", async (t) => {
    const account = await testAccount(t, { realClock: systemClock, world: { autoScalingGroups: new Map([["nodes", groupOf(3)]]) } });
    const run = runner(account);
    const folder = pemFiles(t);
    account.faults.add({ id: "throttle", action: "DescribeVpcs", from: 1, count: Infinity, fault: { kind: "throttle" } });
    const [identity, subnets, instances, , missing, throttled] = await Promise.all([
      run("sts get-caller-identity"),
      run("ec2 describe-subnets --filters Name=vpc-id,Values=vpc-1 --query Subnets[].AvailabilityZone"),
      run("ec2 describe-instances --filters Name=tag:aws:autoscaling:groupName,Values=nodes"),
      run(
        `iam upload-server-certificate --server-certificate-name old --certificate-body file://${folder}/tls.crt --private-key file://${folder}/tls.key`,
      ),
      awsCli(account.url, "elbv2", "describe-load-balancers", "--names", "none"),
      awsCli(account.url, "ec2", "describe-vpcs"),
    ]);
    assert.equal(at(identity, "Account"), ACCOUNT);
    assert.equal((subnets as readonly unknown[]).length, 4);
    assert.equal((at(instances, "Reservations") as readonly unknown[]).length, 3);
    assert.equal(at(await run("iam list-server-certificates"), "ServerCertificateMetadataList", 0, "ServerCertificateName"), "old");
    assert.match(missing.stderr, /An error occurred \(LoadBalancerNotFound\) when calling the DescribeLoadBalancers operation/);
    assert.match(throttled.stderr, /RequestLimitExceeded/);
  });
} else process.stdout.write("not run: the aws CLI against the lab's AWS (no aws; install Debian's package awscli)\n");
