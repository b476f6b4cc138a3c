import { isRecord } from "../../kernel/index.ts";
import type { KubeClient, Resource } from "../../kube/index.ts";
import { type JsonObject, objectAt, objectsAt, textAt } from "../document/json.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import type { ObjectPlace } from "./object-place.ts";

/** How the server addresses a kind. Rejects when it does not serve it. */
export async function findResource(client: KubeClient, apiVersion: string, kind: string, signal: AbortSignal): Promise<Resource> {
  const [group, version] = apiVersion.includes("/") ? (apiVersion.split("/", 2) as [string, string]) : ["", apiVersion];
  const path = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const answer = await client.requestJson({ path, signal });
  if (!isRecord(answer) || answer["kind"] !== "APIResourceList") throw new ActivityFailed(`GET ${path}: the answer is no list of kinds`);
  const found = objectsAt(answer as JsonObject, "resources").find(
    (one) => one["kind"] === kind && !(textAt(one, "name") ?? "/").includes("/"),
  );
  if (found === undefined) throw new ActivityFailed(`this cluster does not serve ${kind} of ${apiVersion}`);
  return { group, version, kind, plural: textAt(found, "name") ?? "", namespaced: found["namespaced"] === true };
}

/** Where the object of a manifest is. */
export async function placeOfManifest(client: KubeClient, manifest: JsonObject, signal: AbortSignal): Promise<ObjectPlace> {
  const resource = await findResource(client, textAt(manifest, "apiVersion") ?? "", textAt(manifest, "kind") ?? "", signal);
  const metadata = objectAt(manifest, "metadata");
  const name = textAt(metadata, "name") ?? "";
  return { resource, ref: { name, ...(resource.namespaced ? { namespace: textAt(metadata, "namespace") ?? "default" } : {}) } };
}
