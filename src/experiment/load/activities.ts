import type { NativeActivity } from "../native/native-activity.ts";
import { compareActivities } from "./activities/compare-loads.ts";
import { probes } from "./activities/probe-load.ts";
import { startAndStop } from "./activities/start-load.ts";
import { controlPlaneActivities } from "./control-plane/activities.ts";

/** `load/…` (docs/reference/load.md). */
export const loadActivities: readonly NativeActivity[] = [...startAndStop, ...probes, ...compareActivities, ...controlPlaneActivities];
