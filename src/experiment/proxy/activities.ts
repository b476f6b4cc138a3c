import type { NativeActivity } from "../native/native-activity.ts";
import { insertActivity } from "./insert-activity.ts";
import { toxicActivities } from "./toxic-activities.ts";

export const proxyActivities: readonly NativeActivity[] = [insertActivity, ...toxicActivities];
