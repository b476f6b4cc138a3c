import { notOptedIn } from "./opt-in.ts";
import type { SelectionRules } from "./safe.ts";
import type { WorkloadView } from "../world/workload-view.ts";
import { type World, workloadOf } from "../world/world.ts";

/** What has a pod that agreed, or whom the selectors may name. */
export function agreedApps(world: World, { optIn, zone }: SelectionRules, nowMs: number): readonly WorkloadView[] {
  const agreed = world.pods.filter((pod) => optIn === "selectors" || notOptedIn(pod, world, zone, nowMs) === undefined);
  const apps = agreed.map((pod) => workloadOf(pod, world)).filter((app) => app !== undefined);
  return [...new Map(apps.map((app) => [app.uid, app])).values()];
}
