import { type Clock, messageOf } from "../../kernel/index.ts";
import type { Log } from "../../telemetry/index.ts";
import { acm } from "./acm/acm.ts";
import { autoscaling } from "./autoscaling/autoscaling.ts";
import { type MetricSource, cloudwatch } from "./cloudwatch/cloudwatch.ts";
import { withAddresses } from "./data-plane/addresses.ts";
import { DataPlane } from "./data-plane/driver.ts";
import { type NamedLoadBalancer, namedLoadBalancers } from "./data-plane/names.ts";
import type { DataPlaneOptions } from "./data-plane/options.ts";
import { ec2 } from "./ec2/ec2.ts";
import type { InstanceTiming } from "./ec2/instance-lifecycle.ts";
import { elbv2 } from "./elbv2/elbv2.ts";
import type { HealthSource } from "./elbv2/targets.ts";
import { FaultScript } from "./faults/fault.ts";
import { AwsFront, type CallRecord } from "./front/aws-front.ts";
import { serveAws } from "./front/http-server.ts";
import type { TokenBuckets } from "./front/token-buckets.ts";
import { iam } from "./iam/iam.ts";
import { type StsOptions, sts } from "./sts/sts.ts";
import { wafv2 } from "./wafv2/wafv2.ts";
import type { AccessKey } from "./wire/signature.ts";
import { readWorld, writeWorld } from "./world/world-file.ts";
import { WorldStore } from "./world/world-store.ts";
import type { Step } from "./world/actions.ts";
import type { AwsWorld } from "./world/world.ts";

export interface LabAwsOptions {
  /** Twelve digits. */
  readonly account: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  /** What the account holds at first: its network, security groups and Auto Scaling groups. */
  readonly first: AwsWorld;
  /** Where the account is kept; what is there counts more than `first`. In memory alone without it. */
  readonly stateFile?: string;
  /** Long-lived keys, by id. */
  readonly keys: ReadonlyMap<string, AccessKey>;
  /** What serves its load balancers; without it they are answered for by `healthOf`. */
  readonly dataPlane?: DataPlaneOptions;
  /** What is said of targets where nothing serves them. */
  readonly healthOf: HealthSource;
  /** What CloudWatch knows, in place of what the data plane says of traffic. */
  readonly metrics?: MetricSource;
  readonly instances: InstanceTiming;
  /** How long a load balancer is `provisioning`. */
  readonly provisioningMs: number;
  /** How long a certificate that was requested is `PENDING_VALIDATION`. Not at all without it. */
  readonly validationMs?: number;
  /** How long a target group that was attached to an Auto Scaling group is `Adding`. */
  readonly attachMs: number;
  readonly sts: StsOptions;
  /** By the service in the scope of signatures; a service without is not limited. */
  readonly buckets: ReadonlyMap<string, TokenBuckets>;
  /** How old what reads answer is. Nothing without it. */
  readonly apiDelayMs?: number;
  /** How often what only takes time is looked at, beside with every call. Only with calls without it. */
  readonly advanceEveryMs?: number;
  readonly onCall?: (call: CallRecord) => void;
}

export interface LabAws {
  readonly port: number;
  readonly store: WorldStore;
  readonly faults: FaultScript;
  /** Where the names of the load balancers lead; none without a data plane. */
  names(): readonly NamedLoadBalancer[];
  close(): Promise<void>;
}

/** Starts an account of AWS. Rejects with AppError LAB_AWS_STATE_UNREADABLE, and when it cannot listen. */
export async function startLabAws(options: LabAwsOptions): Promise<LabAws> {
  const { account, clock, log, stateFile, keys, dataPlane, buckets, advanceEveryMs, onCall } = options;
  const known = stateFile === undefined ? undefined : readWorld(stateFile);
  const save = stateFile === undefined ? () => undefined : (world: AwsWorld) => writeWorld(stateFile, world);
  const store = new WorldStore(known ?? options.first, clock.wallMs(), save);
  const faults = new FaultScript();
  const driver = dataPlane === undefined ? undefined : new DataPlane(dataPlane, { store, clock, log });
  const healthOf: HealthSource = driver === undefined ? options.healthOf : (arn, key) => driver.healthOf(arn, key);
  const addressStep: Step = (world) => (dataPlane === undefined ? world : withAddresses(world, dataPlane.addressBlocks));
  const front = new AwsFront({
    account,
    clock,
    store,
    services: [
      ec2(options.instances),
      elbv2({ healthOf, provisioningMs: options.provisioningMs, step: addressStep }),
      autoscaling({ healthOf, attachMs: options.attachMs }),
      acm({ validationMs: options.validationMs ?? 0 }),
      iam(),
      sts(options.sts),
      wafv2(),
      ...cloudwatch(options.metrics ?? ((query) => driver?.samples(query) ?? [])),
    ],
    keyOf: (id) => keys.get(id),
    buckets,
    faults,
    apiDelayMs: options.apiDelayMs ?? 0,
    ...(onCall === undefined ? {} : { onCall }),
  });
  const server = await serveAws(front, options, log);
  let timer: { cancel(): void } | undefined;
  const tick = (everyMs: number): void => {
    timer = clock.timer(everyMs, () => {
      try {
        front.advance();
      } catch (error) {
        log.error({ reason: messageOf(error) }, "the lab's AWS stands still");
      }
      tick(everyMs);
    });
  };
  if (advanceEveryMs !== undefined) tick(advanceEveryMs);
  driver?.start();
  return {
    port: server.port,
    store,
    faults,
    names: () => (dataPlane === undefined ? [] : namedLoadBalancers(store.now, healthOf, dataPlane.lowPortOffset)),
    close: async () => {
      timer?.cancel();
      await Promise.all([driver?.close(), server.close()]);
    },
  };
}
