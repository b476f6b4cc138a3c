import type { Aws } from "../../aws/index.ts";
import type { Clock } from "../../kernel/index.ts";
import type { Ownership } from "../plan/ownership.ts";
import type { ReadBackTimes } from "./read-back.ts";
import type { StackResources } from "./stack-resources.ts";
import type { StepCalls } from "./step-calls.ts";

/** What the calls of AWS are made with. */
export interface AwsWrites {
  readonly aws: Pick<Aws, "elb" | "ec2" | "autoscaling" | "waf">;
  readonly ownership: Ownership;
  readonly clock: Clock;
  readonly readBack: ReadBackTimes;
}

/** One step as it is done. */
export interface StepContext extends AwsWrites {
  readonly resources: StackResources;
  readonly calls: StepCalls;
}
