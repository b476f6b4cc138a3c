import type { NativeActivity } from "../../native/native-activity.ts";
import { apiRequests } from "./api-requests.ts";
import { etcdLoad } from "./etcd.ts";
import { manyObjects } from "./objects.ts";
import { manyPods } from "./pods.ts";

/** Load on the control plane. */
export const controlPlaneActivities: readonly NativeActivity[] = [apiRequests, manyPods, manyObjects, etcdLoad];
