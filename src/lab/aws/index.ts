export { type MetricQuery, type MetricSample, type MetricSource } from "./cloudwatch/cloudwatch.ts";
export { type AutoScalingGroupConfig, type KeyConfig, type LabAwsConfig, type NetworkConfig, type TimingConfig } from "./config.ts";
export { type TimedCall } from "./control-routes.ts";
export { type Machine } from "./ec2/machine-routes.ts";
export { type Fault, type FaultRule, type FaultScript } from "./faults/fault.ts";
export { type CallRecord } from "./front/aws-front.ts";
export { type LabAws, type LabAwsOptions, startLabAws } from "./lab-aws.ts";
export { runLabAws } from "./run.ts";
