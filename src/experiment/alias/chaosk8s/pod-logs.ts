import type { Json } from "../../document/json.ts";
import { ActivityFailed } from "../../provider/activity-failed.ts";
import { instantOf } from "../fluent-time.ts";
import type { Given } from "../given.ts";
import type { AliasCall } from "../python-function.ts";
import { formatted } from "../python-text.ts";
import { podsOf } from "./pods-of.ts";

/** The logs of each pod by its name, each line with its time. */
export async function readPodLogs(given: Given, call: AliasCall): Promise<Json> {
  const selector = formatted(given.text("label_selector"), { name: given.optionalText("name") ?? "None" });
  const namespace = given.text("ns");
  const pods = await podsOf(call, namespace, selector === "" ? undefined : selector);
  const last = given.optionalText("last");
  const since = last === undefined ? undefined : secondsSince(last, call.clock.wallMs());
  const client = await call.client();
  const logs: Record<string, string> = {};
  for (const pod of pods) {
    logs[pod.metadata.name] = await client.request({
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod.metadata.name)}/log`,
      query: {
        follow: "false",
        previous: String(given.flag("from_previous")),
        timestamps: "true",
        ...(given.optionalText("container_name") === undefined ? {} : { container: given.text("container_name") }),
        ...(since === undefined || since === 0 ? {} : { sinceSeconds: String(since) }),
      },
      accept: "*/*",
      signal: call.signal,
    });
  }
  return logs;
}

function secondsSince(last: string, nowMs: number): number {
  const instant = instantOf(last, nowMs);
  if (instant === undefined) throw new ActivityFailed(`'last' is ${JSON.stringify(last)}, and no time: write "10 minutes"`);
  return Math.trunc((nowMs - instant) / 1000);
}
