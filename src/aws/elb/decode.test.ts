import assert from "node:assert/strict";
import { test } from "node:test";
import { AnswerFields } from "../answer-fields.ts";
import { readLoadBalancer, readTargetGroup } from "./decode.ts";

// As the AWS CLI's reference shows them, create-load-balancer and create-target-group.
const gateway = {
  Type: "gateway",
  VpcId: "vpc-1",
  AvailabilityZones: [{ ZoneName: "us-east-1b", SubnetId: "subnet-1" }],
  CreatedTime: new Date("2021-07-14T19:33:43.324Z"),
  LoadBalancerName: "of-a-firewall",
  State: { Code: "provisioning" },
  LoadBalancerArn: "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/gwy/of-a-firewall/1",
};
const lambda = {
  TargetGroupName: "of-a-function",
  TargetType: "lambda",
  HealthCheckEnabled: false,
  UnhealthyThresholdCount: 2,
  HealthyThresholdCount: 5,
  HealthCheckPath: "/",
  Matcher: { HttpCode: "200" },
  HealthCheckIntervalSeconds: 35,
  HealthCheckTimeoutSeconds: 30,
  TargetGroupArn: "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/of-a-function/1",
  LoadBalancerArns: [],
};

test("a gateway load balancer and a target group of functions, which AWS describes without some fields, do not spoil the list", () => {
  const { type, dnsName, scheme } = readLoadBalancer(new AnswerFields(gateway, "LoadBalancers[0]"));
  assert.deepEqual([type, dnsName, scheme], ["gateway", "", ""]);
  const { targetType, protocol, port, vpcId, healthCheck } = readTargetGroup(new AnswerFields(lambda, "TargetGroups[0]"));
  assert.deepEqual([targetType, protocol, port, vpcId, healthCheck.protocol, healthCheck.port], ["lambda", "", 0, "", "", ""]);
});

test("the same fields are missed in what has them otherwise", () => {
  for (const Type of ["application", "network", "of-tomorrow"])
    assert.throws(() => readLoadBalancer(new AnswerFields({ ...gateway, Type }, "LoadBalancers[0]")), { code: "AWS_INCOMPLETE" });
  for (const TargetType of ["instance", "ip", "alb", "of-tomorrow"])
    assert.throws(() => readTargetGroup(new AnswerFields({ ...lambda, TargetType }, "TargetGroups[0]")), { code: "AWS_INCOMPLETE" });
});
