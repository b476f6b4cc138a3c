import { apiFaultActivities } from "../api-fault/activities.ts";
import { resourceActivities } from "../resource/activities.ts";
import { cloudActivities } from "../cloud/activities.ts";
import { clientActivities } from "../clients/activities.ts";
import { componentActivities } from "../component/activities.ts";
import { faultActivities } from "../fault/activities.ts";
import { kubernetesActivities } from "../kubernetes/activities.ts";
import { labAwsActivities } from "../lab-aws/activities.ts";
import { labActivities } from "../lab/activities.ts";
import { loadActivities } from "../load/activities.ts";
import { networkActivities } from "../network/activities.ts";
import { processActivities } from "../process/activities.ts";
import { proxyActivities } from "../proxy/activities.ts";
import type { NativeActivity } from "./native-activity.ts";

/** All activities of our own; each folder keeps its list. */
export const nativeActivities: readonly NativeActivity[] = [
  resourceActivities,
  cloudActivities,
  apiFaultActivities,
  clientActivities,
  componentActivities,
  faultActivities,
  kubernetesActivities,
  labActivities,
  labAwsActivities,
  loadActivities,
  networkActivities,
  processActivities,
  proxyActivities,
].flat();

const byName = new Map(nativeActivities.map((activity) => [activity.name, activity]));

export function findNativeActivity(name: string): NativeActivity | undefined {
  return byName.get(name);
}
