import { isRecord } from "../../../kernel/index.ts";
import type { Json, JsonObject } from "../../document/json.ts";
import { ActivityFailed } from "../../provider/activity-failed.ts";
import type { Given } from "../given.ts";
import { type Parameters, REQUIRED } from "../parameters.ts";
import { type AliasCall, moduleOf } from "../python-function.ts";
import { rawList } from "./raw-list.ts";

export const CLUSTER: Parameters = { group: REQUIRED, version: REQUIRED, plural: REQUIRED };

/** Where custom objects of a kind are, or one of them. */
export function customPath(given: Given, name?: string): string {
  const part = (parameter: string): string => encodeURIComponent(given.text(parameter));
  const scope = given.has("ns") ? `/namespaces/${part("ns")}` : "";
  return `/apis/${part("group")}/${part("version")}${scope}/${part("plural")}${name === undefined ? "" : `/${encodeURIComponent(name)}`}`;
}

async function one(given: Given, call: AliasCall): Promise<JsonObject> {
  const client = await call.client();
  const path = customPath(given, given.text("name"));
  const answer = await client.requestJson({ path, signal: call.signal });
  if (!isRecord(answer) || typeof answer["kind"] !== "string") throw new ActivityFailed(`GET ${path}: the answer is no object`);
  return answer as JsonObject;
}

const all = (given: Given, call: AliasCall): Promise<Json> => rawList(call, customPath(given), {});

export const customObjectProbes = moduleOf("chaosk8s.crd.probes", {
  get_custom_object: [{ ...CLUSTER, name: REQUIRED, ns: "default" }, one],
  get_cluster_custom_object: [{ ...CLUSTER, name: REQUIRED }, one],
  list_custom_objects: [{ ...CLUSTER, ns: "default" }, all],
  list_cluster_custom_objects: [CLUSTER, all],
});
