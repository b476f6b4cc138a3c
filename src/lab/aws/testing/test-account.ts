import { randomBytes } from "node:crypto";
import type { TestContext } from "node:test";
import type { Clock } from "../../../kernel/index.ts";
import { ManualClock } from "../../../kernel/testing/manual-clock.ts";
import { silentLog } from "../../../telemetry/index.ts";
import type { GroupRecord } from "../autoscaling/records.ts";
import type { SecurityGroupRecord, SubnetRecord } from "../ec2/records.ts";
import type { SeenHealth } from "../elbv2/targets.ts";
import type { MetricSource } from "../cloudwatch/cloudwatch.ts";
import type { FaultScript } from "../faults/fault.ts";
import type { CallRecord } from "../front/aws-front.ts";
import { type LabAwsOptions, startLabAws } from "../lab-aws.ts";
import type { StsOptions } from "../sts/sts.ts";
import { type ServiceModel, readServiceModel } from "../wire/service-model.ts";
import type { WorldStore } from "../world/world-store.ts";
import { type AwsWorld, emptyWorld } from "../world/world.ts";
import { type TestKey, signedHeaders } from "./sign.ts";
import { parseXml } from "./xml.ts";

export const ACCOUNT = "123456789012";
export const REGION = "eu-central-1";
export const LAB_KEY: TestKey = { id: "AKIALAB", secret: "lab/secret+key" };

export interface Answer {
  readonly status: number;
  readonly requestId: string | null;
  readonly text: string;
  /** Of XML the root's content, of JSON all; undefined where it is neither. */
  readonly body: unknown;
  /** AWS's code of an error. */
  readonly code: string | undefined;
}

export interface TestAccount {
  readonly url: string;
  readonly clock: ManualClock;
  readonly store: WorldStore;
  readonly faults: FaultScript;
  readonly calls: readonly CallRecord[];
  /** What the data plane says of targets, by ARN of the group and `id:port`. */
  readonly health: Map<string, SeenHealth>;
  /** One action, signed; rejects when the connection is reset or nothing comes. */
  call(service: ServiceName, action: string, input?: Readonly<Record<string, unknown>>, how?: CallOptions): Promise<Answer>;
}

export interface CallOptions {
  readonly key?: TestKey;
  /** Milliseconds that the signer's clock is ahead. */
  readonly skewMs?: number;
  readonly timeoutMs?: number;
}

/** By what the scope of signatures calls them. */
export const MODELS = {
  elasticloadbalancing: readServiceModel("elbv2"),
  ec2: readServiceModel("ec2"),
  autoscaling: readServiceModel("autoscaling"),
  acm: readServiceModel("acm"),
  iam: readServiceModel("iam"),
  sts: readServiceModel("sts"),
  wafv2: readServiceModel("wafv2"),
  monitoring: readServiceModel("cloudwatch", ["json"]),
};

export type ServiceName = keyof typeof MODELS;

export interface TestAccountOptions {
  readonly world?: Partial<AwsWorld>;
  readonly buckets?: LabAwsOptions["buckets"];
  readonly roles?: StsOptions["roles"];
  readonly verifyToken?: StsOptions["verifyToken"];
  readonly stateFile?: string;
  readonly apiDelayMs?: number;
  readonly validationMs?: number;
  readonly metrics?: MetricSource;
  readonly provisioningMs?: number;
  readonly attachMs?: number;
  /** The machine's clock, for programs that sign by it. */
  readonly realClock?: Clock;
}

/** An account with a VPC of three zones, but for its clock and log. */
export const testOptions: Omit<LabAwsOptions, "clock" | "log"> = {
  account: ACCOUNT,
  host: "127.0.0.1",
  port: 0,
  first: threeZones(),
  keys: new Map([[LAB_KEY.id, { ...LAB_KEY, principal: `arn:aws:iam::${ACCOUNT}:user/lab` }]]),
  healthOf: () => undefined,
  instances: { bootMs: 10_000, stopMs: 5_000, terminateMs: 5_000 },
  provisioningMs: 60_000,
  attachMs: 2_000,
  sts: {
    roles: new Map(),
    verifyToken: () => "invalid",
    newSecret: (characters) => randomBytes(characters).toString("base64url").slice(0, characters),
  },
  buckets: new Map(),
};

/** An AWS account, served over HTTP until the test ends. */
export async function testAccount(t: TestContext, options: TestAccountOptions = {}): Promise<TestAccount> {
  const clock = new ManualClock();
  const served = options.realClock ?? clock;
  const health = new Map<string, SeenHealth>();
  const calls: CallRecord[] = [];
  const { stateFile, buckets = testOptions.buckets, roles = testOptions.sts.roles, verifyToken = testOptions.sts.verifyToken } = options;
  const aws = await startLabAws({
    ...testOptions,
    clock: served,
    log: silentLog,
    first: { ...testOptions.first, ...options.world },
    ...(stateFile === undefined ? {} : { stateFile }),
    ...(options.validationMs === undefined ? {} : { validationMs: options.validationMs }),
    ...(options.apiDelayMs === undefined ? {} : { apiDelayMs: options.apiDelayMs }),
    attachMs: options.attachMs ?? testOptions.attachMs,
    provisioningMs: options.provisioningMs ?? testOptions.provisioningMs,
    ...(options.metrics === undefined ? {} : { metrics: options.metrics }),
    healthOf: (arn, key) => health.get(`${arn} ${key}`),
    sts: { ...testOptions.sts, roles, verifyToken },
    buckets,
    onCall: (call) => calls.push(call),
  });
  t.after(() => aws.close());
  const host = `127.0.0.1:${aws.port}`;
  return {
    url: `http://${host}`,
    clock,
    store: aws.store,
    faults: aws.faults,
    calls,
    health,
    call: clientOf(host, () => served.wallMs()),
  };
}

/** One action at an endpoint, signed; rejects when the connection is reset or nothing comes. */
export function clientOf(host: string, wallMs: () => number): TestAccount["call"] {
  return async (name, action, input = {}, { key = LAB_KEY, skewMs = 0, timeoutMs = 30_000 } = {}) => {
    const { body, headers } = requestOf(MODELS[name], action, input);
    const signed = signedHeaders({ host, region: REGION, service: name, body, headers }, key, wallMs() + skewMs);
    const response = await fetch(`http://${host}/`, { method: "POST", headers: signed, body, signal: AbortSignal.timeout(timeoutMs) });
    return answerOf(response.status, response.headers.get("x-amzn-requestid"), await response.text());
  };
}

function requestOf(
  model: ServiceModel,
  action: string,
  input: Readonly<Record<string, unknown>>,
): { body: string; headers: Record<string, string> } {
  if (model.protocol === "json") {
    const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": `${model.targetPrefix}.${action}` };
    return { body: JSON.stringify(input), headers };
  }
  const parameters = new URLSearchParams({ Action: action, Version: model.apiVersion });
  for (const [name, value] of flattened(input, "", model.protocol === "ec2" ? "" : ".member")) parameters.append(name, value);
  return { body: parameters.toString(), headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" } };
}

/** Parameters of the Query protocols; an empty list is a parameter without a value. */
function flattened(value: unknown, name: string, list: string): (readonly [string, string])[] {
  if (Array.isArray(value))
    return value.length === 0 ? [[name, ""]] : value.flatMap((one: unknown, at) => flattened(one, `${name}${list}.${at + 1}`, list));
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([key, below]) => flattened(below, name === "" ? key : `${name}.${key}`, list));
  return [[name, String(value)]];
}

function answerOf(status: number, requestId: string | null, text: string): Answer {
  let body: unknown;
  try {
    body = text.startsWith("<") ? parseXml(text) : JSON.parse(text);
  } catch {
    body = undefined;
  }
  const code = status === 200 ? undefined : (/<Code>([^<]+)/.exec(text)?.[1] ?? /"__type":"([^"]+)"/.exec(text)?.[1]);
  return { status, requestId, text, body, code };
}

/** One VPC with a public subnet in each of three zones, a private one beside, and the security group of the load balancers. */
export function threeZones(): AwsWorld {
  const subnets: readonly SubnetRecord[] = [
    { id: "subnet-a", vpcId: "vpc-1", zone: `${REGION}a`, cidr: "10.0.0.0/24", isPublic: true },
    { id: "subnet-b", vpcId: "vpc-1", zone: `${REGION}b`, cidr: "10.0.1.0/24", isPublic: true },
    { id: "subnet-c", vpcId: "vpc-1", zone: `${REGION}c`, cidr: "10.0.2.0/24", isPublic: true },
    { id: "subnet-private", vpcId: "vpc-1", zone: `${REGION}a`, cidr: "10.0.9.0/24", isPublic: false },
  ];
  const group: SecurityGroupRecord = { id: "sg-1", name: "lb", description: "of load balancers", vpcId: "vpc-1", ingress: [] };
  return {
    ...emptyWorld,
    vpcs: new Map([["vpc-1", { id: "vpc-1", cidr: "10.0.0.0/16" }]]),
    subnets: new Map(subnets.map((subnet) => [subnet.id, subnet])),
    securityGroups: new Map([[group.id, group]]),
  };
}

/** A group over the three zones that has no instances yet. */
export function groupOf(desiredCapacity: number, change: Partial<GroupRecord> = {}): GroupRecord {
  return {
    name: "nodes",
    arn: `arn:aws:autoscaling:${REGION}:${ACCOUNT}:autoScalingGroup:1:autoScalingGroupName/nodes`,
    createdAtMs: 1_700_000_000_000,
    minSize: 0,
    maxSize: 10,
    desiredCapacity,
    subnets: ["subnet-a", "subnet-b", "subnet-c"],
    healthCheckType: "EC2",
    healthCheckGraceSeconds: 60,
    isProtectedFromScaleIn: false,
    launch: { templateId: "lt-1", templateName: "nodes", imageId: "ami-1", instanceType: "m5.large", securityGroups: ["sg-1"] },
    instances: new Map(),
    suspended: new Map(),
    targetGroups: new Map(),
    activities: [],
    ...change,
  };
}
