import type { TestContext } from "node:test";
import { ManualClock } from "../../../kernel/testing/manual-clock.ts";
import type { Clock } from "../../../kernel/index.ts";
import { silentLog } from "../../../telemetry/index.ts";
import { acm } from "../acm/acm.ts";
import { autoscaling } from "../autoscaling/autoscaling.ts";
import type { GroupRecord } from "../autoscaling/records.ts";
import { ec2 } from "../ec2/ec2.ts";
import type { SecurityGroupRecord, SubnetRecord } from "../ec2/records.ts";
import { elbv2 } from "../elbv2/elbv2.ts";
import type { SeenHealth } from "../elbv2/targets.ts";
import { FaultScript } from "../faults/fault.ts";
import { AwsFront, type CallRecord } from "../front/aws-front.ts";
import { serveAws } from "../front/http-server.ts";
import { TokenBuckets } from "../front/token-buckets.ts";
import { iam } from "../iam/iam.ts";
import { type StsOptions, sts } from "../sts/sts.ts";
import type { AwsService } from "../world/actions.ts";
import { WorldStore } from "../world/world-store.ts";
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

export type ServiceName = "elasticloadbalancing" | "ec2" | "autoscaling" | "acm" | "iam" | "sts";

export interface TestAccountOptions {
  readonly world?: Partial<AwsWorld>;
  readonly buckets?: ReadonlyMap<string, TokenBuckets>;
  readonly roles?: StsOptions["roles"];
  readonly verifyToken?: StsOptions["verifyToken"];
  readonly save?: (world: AwsWorld) => void;
  /** The machine's clock, for programs that sign by it. */
  readonly realClock?: Clock;
}

/** An AWS account with a VPC of three zones, served over HTTP until the test ends. */
export async function testAccount(t: TestContext, options: TestAccountOptions = {}): Promise<TestAccount> {
  const clock = new ManualClock();
  const served = options.realClock ?? clock;
  const health = new Map<string, SeenHealth>();
  const healthOf = (arn: string, key: string): SeenHealth | undefined => health.get(`${arn} ${key}`);
  const store = new WorldStore({ ...threeZones(), ...options.world }, served.wallMs(), options.save ?? (() => undefined));
  const faults = new FaultScript();
  const calls: CallRecord[] = [];
  let secrets = 0;
  const services = [
    ec2({ bootMs: 10_000, stopMs: 5_000, terminateMs: 5_000 }),
    elbv2({ healthOf, provisioningMs: 60_000 }),
    autoscaling({ healthOf, attachMs: 2_000 }),
    acm(),
    iam(),
    sts({
      roles: options.roles ?? new Map(),
      verifyToken: options.verifyToken ?? (() => "invalid"),
      newSecret: (characters) => String(++secrets).padStart(characters, "s"),
    }),
  ];
  const front = new AwsFront({
    account: ACCOUNT,
    clock: served,
    store,
    services,
    keyOf: (id) => (id === LAB_KEY.id ? { ...LAB_KEY, principal: `arn:aws:iam::${ACCOUNT}:user/lab` } : undefined),
    buckets: options.buckets ?? new Map(),
    faults,
    onCall: (call) => calls.push(call),
  });
  const server = await serveAws(front, { host: "127.0.0.1", port: 0 }, silentLog);
  t.after(() => server.close());
  const host = `127.0.0.1:${server.port}`;
  return {
    url: `http://${host}`,
    clock,
    store,
    faults,
    calls,
    health,
    async call(name, action, input = {}, { key = LAB_KEY, skewMs = 0, timeoutMs = 30_000 } = {}) {
      const service = services.find(({ model }) => model.signingName === name);
      if (service === undefined) throw new Error(`no service ${name}`);
      const { body, headers } = requestOf(service, action, input);
      const signed = signedHeaders({ host, region: REGION, service: name, body, headers }, key, served.wallMs() + skewMs);
      const response = await fetch(`http://${host}/`, { method: "POST", headers: signed, body, signal: AbortSignal.timeout(timeoutMs) });
      return answerOf(response.status, response.headers.get("x-amzn-requestid"), await response.text());
    },
  };
}

function requestOf(
  { model }: AwsService,
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
