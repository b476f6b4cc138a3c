import { ActivityFailed } from "../../provider/activity-failed.ts";
import type { Given } from "../given.ts";

/** What a probe does that misses: it fails, or, with the flag of that name off, it answers false. A flag that it does not have is on. */
export function fails(given: Given, flag: string): (message: string) => false {
  const raises = !given.has(flag) || given.flag(flag);
  return (message) => {
    if (raises) throw new ActivityFailed(message);
    return false;
  };
}
