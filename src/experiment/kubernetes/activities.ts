import type { NativeActivity } from "../native/native-activity.ts";
import { networkPolicyActivities } from "./network-policy-activities.ts";
import { nodeActivities } from "./node-activities.ts";
import { objectActivities } from "./object-activities.ts";
import { podActivities } from "./pod-activities.ts";
import { workloadActivities } from "./workload-activities.ts";

/** What is done to a cluster through its API. */
export const kubernetesActivities: readonly NativeActivity[] = [
  ...podActivities,
  ...workloadActivities,
  ...nodeActivities,
  ...objectActivities,
  ...networkPolicyActivities,
];
