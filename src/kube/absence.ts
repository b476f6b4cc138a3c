import { AppError, isRecord } from "../kernel/index.ts";
import type { KubeClient } from "./client-api.ts";
import { apiVersionOf } from "./decode.ts";
import { kinds } from "./kinds.ts";
import type { Resource } from "./resource.ts";

/**
 * Whether the API server states that it does not have this kind. A 404 alone states nothing: an API server that has just started, or lost its
 * aggregation, answers so too. It takes a valid group list without the group (or a valid resource list of the group without the kind), and no
 * CustomResourceDefinition of the name as far as this client may look. Throws when the question was not answered.
 */
export async function isKindAbsent(client: KubeClient, resource: Resource, signal: AbortSignal): Promise<boolean> {
  const groups = await client.requestJson({ path: "/apis", signal });
  if (!isRecord(groups) || groups["kind"] !== "APIGroupList" || !Array.isArray(groups["groups"])) {
    throw new AppError("KUBE_WRONG_KIND", "GET /apis: the answer is no APIGroupList", { retry: "idempotent" });
  }
  const listed = (groups["groups"] as readonly unknown[]).filter(isRecord);
  // The API server's own groups are always there; a list without them is no list of groups.
  if (!listed.some((group) => group["name"] === "networking.k8s.io")) {
    throw new AppError("KUBE_WRONG_KIND", "GET /apis: the group list lacks networking.k8s.io, so it is not complete", {
      retry: "idempotent",
    });
  }
  const group = listed.find((candidate) => candidate["name"] === resource.group);
  if (group !== undefined && (await servesKind(client, resource, signal))) return false;
  return !(await hasDefinition(client, resource, signal));
}

async function servesKind(client: KubeClient, resource: Resource, signal: AbortSignal): Promise<boolean> {
  const path = `/apis/${apiVersionOf(resource)}`;
  try {
    const answer = await client.requestJson({ path, signal });
    if (!isRecord(answer) || answer["kind"] !== "APIResourceList" || !Array.isArray(answer["resources"])) {
      throw new AppError("KUBE_WRONG_KIND", `GET ${path}: the answer is no APIResourceList`, { retry: "idempotent" });
    }
    return (answer["resources"] as readonly unknown[]).some((entry) => isRecord(entry) && entry["name"] === resource.plural);
  } catch (thrown) {
    if (thrown instanceof AppError && (thrown.code === "KUBE_NO_SUCH_PATH" || thrown.code === "KUBE_NOT_FOUND")) return false;
    throw thrown;
  }
}

/** A definition that exists but is not served yet is a source that fails, not an absent kind. */
async function hasDefinition(client: KubeClient, resource: Resource, signal: AbortSignal): Promise<boolean> {
  try {
    await client.get(kinds.customResourceDefinitions, { name: `${resource.plural}.${resource.group}` }, { signal });
    return true;
  } catch (thrown) {
    // Without the right to read definitions, discovery is the best witness there is.
    if (thrown instanceof AppError && ["KUBE_NOT_FOUND", "KUBE_NO_SUCH_PATH", "KUBE_FORBIDDEN"].includes(thrown.code)) return false;
    throw thrown;
  }
}
