/** What the account holds of Auto Scaling, in the words of its API reference. */

export interface GroupRecord {
  readonly name: string;
  readonly arn: string;
  readonly createdAtMs: number;
  readonly minSize: number;
  readonly maxSize: number;
  readonly desiredCapacity: number;
  /** One or more in each zone. */
  readonly subnets: readonly string[];
  /** `EC2` alone, or `ELB` too: then it terminates what a load balancer calls unhealthy. */
  readonly healthCheckType: "EC2" | "ELB";
  readonly healthCheckGraceSeconds: number;
  readonly isProtectedFromScaleIn: boolean;
  readonly launch: LaunchRecord;
  readonly instances: ReadonlyMap<string, MemberRecord>;
  /** What is suspended, and why. */
  readonly suspended: ReadonlyMap<ScalingProcess, string>;
  /** The target groups it registers its instances in, by ARN. */
  readonly targetGroups: ReadonlyMap<string, AttachmentRecord>;
  /** Oldest first. */
  readonly activities: readonly ActivityRecord[];
}

/** What new instances are like: the launch template. */
export interface LaunchRecord {
  readonly templateId: string;
  readonly templateName: string;
  readonly imageId: string;
  readonly instanceType: string;
  readonly securityGroups: readonly string[];
}

export type ScalingProcess =
  | "Launch"
  | "Terminate"
  | "AddToLoadBalancer"
  | "AlarmNotification"
  | "AZRebalance"
  | "HealthCheck"
  | "InstanceRefresh"
  | "ReplaceUnhealthy"
  | "ScheduledActions";

/** An instance as its group sees it. */
export interface MemberRecord {
  readonly id: string;
  readonly lifecycle: "Pending" | "InService" | "Terminating";
  readonly health: "Healthy" | "Unhealthy";
  readonly isProtectedFromScaleIn: boolean;
  /** Unix milliseconds since which it is in this state. */
  readonly sinceMs: number;
}

export interface AttachmentRecord {
  readonly state: "Adding" | "Added" | "InService" | "Removing" | "Removed";
  readonly sinceMs: number;
  /** Which of the two ways of attaching it came by: each describes and detaches only its own. */
  readonly by: "LoadBalancerTargetGroups" | "TrafficSources";
}

export interface ActivityRecord {
  readonly id: string;
  readonly description: string;
  readonly cause: string;
  readonly startedAtMs: number;
  readonly status: "InProgress" | "WaitingForELBConnectionDraining" | "Successful" | "Failed";
  readonly statusMessage?: string;
  readonly endedAtMs?: number;
}
