import { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";
import { STS } from "@aws-sdk/client-sts";
import type { AwsCredentialIdentity } from "@smithy/types";
import { AnswerFields } from "./answer-fields.ts";
import { AwsCalls, type CallTimes } from "./calls.ts";
import { ElbApi } from "./elb-api.ts";
import { type GovernorDeps, createGovernor } from "./governor.ts";
import { StrictHandler } from "./strict-handler.ts";

/** Where the cloud is and who asks. What is left out is found as the SDK finds it: environment, IRSA, Pod Identity, instance. */
export interface AwsOptions {
  readonly region?: string;
  /** Of all services; the lab's AWS, or a third party's emulator. */
  readonly endpoint?: string;
  readonly credentials?: AwsCredentialIdentity;
  readonly times?: CallTimes;
  /** Asked just before a write or a new connection, after all waiting; what it throws is what the call rejects with, and nothing is sent. */
  readonly guard?: () => void;
}

/** The account that credentials belong to. */
export interface CallerIdentity {
  readonly account: string;
  readonly arn: string;
}

/** AWS as the controller uses it. */
export interface Aws {
  readonly elb: ElbApi;
  /** Who we are; asked before the first write, because the right name in the wrong account is somebody else's. */
  identity(): Promise<CallerIdentity>;
  close(): void;
}

const CONNECT_TIMEOUT_MS = 3_000;

/** Opens no connection yet. */
export function connectAws({ region, endpoint, credentials, times, guard }: AwsOptions, deps: GovernorDeps): Aws {
  const calls = new AwsCalls(createGovernor(deps), times);
  const settings = () => ({
    // Retries are ours: the SDK's make calls again within milliseconds, and know of no budget but their own.
    maxAttempts: 1,
    requestHandler: new StrictHandler({ connectionTimeout: CONNECT_TIMEOUT_MS }, guard),
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
  });
  const elbClient = new ElasticLoadBalancingV2(settings());
  const stsClient = new STS(settings());
  return {
    elb: new ElbApi(elbClient, calls),
    async identity() {
      const answer = await calls.make("sts", "GetCallerIdentity", "read", (abortSignal) =>
        stsClient.getCallerIdentity({}, { abortSignal }),
      );
      const fields = new AnswerFields(answer, "GetCallerIdentity");
      return { account: fields.text("Account"), arn: fields.text("Arn") };
    },
    close() {
      elbClient.destroy();
      stsClient.destroy();
    },
  };
}
