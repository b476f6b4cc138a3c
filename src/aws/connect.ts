import type { AwsCredentialIdentity } from "@smithy/types";
import { silentLog } from "../telemetry/index.ts";
import { AcmApi } from "./acm/acm-api.ts";
import { createAttemptMeter } from "./attempt-meter.ts";
import { AutoScalingApi } from "./autoscaling/autoscaling-api.ts";
import { AwsCalls, type CallTimes, DEFAULT_CALL_TIMES } from "./calls.ts";
import { CloudWatchApi } from "./cloudwatch/cloudwatch-api.ts";
import { Credentials } from "./credentials.ts";
import { Ec2Api } from "./ec2/ec2-api.ts";
import { ElbApi } from "./elb/elb-api.ts";
import { type CallClass, type GovernorDeps, createGovernor } from "./governor.ts";
import { IamApi } from "./iam/iam-api.ts";
import { Service } from "./service.ts";
import { StrictHandler } from "./strict-handler.ts";
import { WafApi } from "./wafv2/waf-api.ts";

/** Where the cloud is and who asks. What is left out is found as the SDK finds it: environment, IRSA, Pod Identity, instance. */
export interface AwsOptions {
  readonly region?: string;
  /** Of all services; the lab's AWS, or a third party's emulator. */
  readonly endpoint?: string;
  readonly credentials?: AwsCredentialIdentity;
  readonly times?: CallTimes;
  /** How much of the calls that AWS allows the account are ours, above 0; half when left out. */
  readonly share?: number;
  /** Asked just before a write or a new connection, after all waiting; what it throws is what the call rejects with, and nothing is sent. */
  readonly guard?: () => void;
}

/** The account that credentials belong to. */
export interface CallerIdentity {
  readonly account: string;
  readonly arn: string;
}

/** AWS as the controller uses it. Every method rejects with AppError `AWS_…` or `CALL_…` (docs/reference/errors/aws.md). */
export interface Aws {
  readonly elb: ElbApi;
  readonly ec2: Ec2Api;
  readonly autoscaling: AutoScalingApi;
  readonly acm: AcmApi;
  readonly iam: IamApi;
  readonly waf: WafApi;
  readonly cloudwatch: CloudWatchApi;
  /** Who we are; asked before the first write, because the right name in the wrong account is somebody else's. */
  identity(): Promise<CallerIdentity>;
  /** Whether the circuit breaker of a class of calls is open, or half-open: what was read of that service is not to be believed for removals. */
  isOpen(service: string, callClass: CallClass): boolean;
  /** All whose circuit breakers are not closed: `elasticloadbalancing describe`. Nothing is taken away while there are any. */
  openCircuits(): readonly string[];
  close(): void;
}

const CONNECTIONS = { connectionTimeout: 3_000 };

/** Opens no connection yet, and loads no client. */
export function connectAws(options: AwsOptions, deps: Omit<GovernorDeps, "share">): Aws {
  const { region, endpoint, times = DEFAULT_CALL_TIMES, guard } = options;
  const { clock, metrics, log = silentLog } = deps;
  const governor = createGovernor({ ...deps, ...(options.share === undefined ? {} : { share: options.share }) });
  const place = { ...(region === undefined ? {} : { region }), ...(endpoint === undefined ? {} : { endpoint }) };
  // Retries are ours: the SDK's make calls again within milliseconds, and know of no budget but their own.
  const settings = (handler: StrictHandler) => ({ ...place, maxAttempts: 1, requestHandler: handler });
  const credentials = new Credentials(
    async () => {
      if (options.credentials !== undefined) return options.credentials;
      const { defaultProvider } = await import("@aws-sdk/credential-provider-node");
      return defaultProvider({ clientConfig: settings(new StrictHandler(CONNECTIONS)) })();
    },
    { clock, log },
  );
  const calls = new AwsCalls({
    governor,
    times,
    onExpiredCredentials: () => credentials.refuse(),
    meter: createAttemptMeter(metrics),
    nowMs: () => clock.monoMs(),
  });
  const withCredentials = () => ({ ...settings(new StrictHandler(CONNECTIONS, guard)), credentials: credentials.provider });
  const services = {
    elb: new Service("elasticloadbalancing", calls, async () => {
      const { ElasticLoadBalancingV2 } = await import("@aws-sdk/client-elastic-load-balancing-v2");
      return new ElasticLoadBalancingV2(withCredentials());
    }),
    ec2: new Service("ec2", calls, async () => new (await import("@aws-sdk/client-ec2")).EC2(withCredentials())),
    autoscaling: new Service(
      "autoscaling",
      calls,
      async () => new (await import("@aws-sdk/client-auto-scaling")).AutoScaling(withCredentials()),
    ),
    acm: new Service("acm", calls, async () => new (await import("@aws-sdk/client-acm")).ACM(withCredentials())),
    iam: new Service("iam", calls, async () => new (await import("@aws-sdk/client-iam")).IAM(withCredentials())),
    wafv2: new Service("wafv2", calls, async () => new (await import("@aws-sdk/client-wafv2")).WAFV2(withCredentials())),
    cloudwatch: new Service(
      "cloudwatch",
      calls,
      async () => new (await import("@aws-sdk/client-cloudwatch")).CloudWatch(withCredentials()),
    ),
    sts: new Service("sts", calls, async () => new (await import("@aws-sdk/client-sts")).STS(withCredentials())),
  };
  return {
    elb: new ElbApi(services.elb),
    ec2: new Ec2Api(services.ec2),
    autoscaling: new AutoScalingApi(services.autoscaling),
    acm: new AcmApi(services.acm, clock),
    iam: new IamApi(services.iam),
    waf: new WafApi(services.wafv2),
    cloudwatch: new CloudWatchApi(services.cloudwatch),
    async identity() {
      return services.sts.call(
        "GetCallerIdentity",
        "read",
        (client, send) => client.getCallerIdentity({}, send),
        (answer) => ({ account: answer.text("Account"), arn: answer.text("Arn") }),
      );
    },
    isOpen: (service, callClass) => governor.isOpen(service, callClass),
    openCircuits: () => governor.openCircuits(),
    close() {
      for (const service of Object.values(services)) service.close();
    },
  };
}
