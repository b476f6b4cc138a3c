import { AppError, type Clock, isRecord, sleep } from "../kernel/index.ts";
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

/** Tells objects that somebody deleted from objects that vanish because their CustomResourceDefinition is deleted. */
export interface DefinitionGuard {
  /** Whether the kind stays. Throws when the question was not answered. */
  isStaying(signal: AbortSignal): Promise<boolean>;
}

/** The definition's own events reach discovery by another way than the deletes of its objects reach a watch, and may be later. */
const DISCOVERY_LAG_MS = 250;

/**
 * When a definition is deleted, kube-apiserver deletes its objects one by one, and a watch cannot tell that from a user who does. But before it
 * begins it takes the verb `create` from the kind in discovery (apiextensions-apiserver, customresource_discovery_controller).
 */
export function createDefinitionGuard(client: KubeClient, resource: Resource, clock: Clock): DefinitionGuard {
  let stayedAtMs = -Infinity;
  return {
    async isStaying(signal) {
      if (clock.monoMs() - stayedAtMs < DISCOVERY_LAG_MS) return true;
      await sleep(clock, DISCOVERY_LAG_MS, signal);
      const isStaying = (await verbsOf(client, resource, signal))?.includes("create") === true;
      if (isStaying) stayedAtMs = clock.monoMs();
      return isStaying;
    },
  };
}

async function servesKind(client: KubeClient, resource: Resource, signal: AbortSignal): Promise<boolean> {
  return (await verbsOf(client, resource, signal)) !== undefined;
}

/** What discovery says may be done with the kind; undefined when it does not know it. */
async function verbsOf(client: KubeClient, resource: Resource, signal: AbortSignal): Promise<readonly unknown[] | undefined> {
  const path = `/apis/${apiVersionOf(resource)}`;
  try {
    const answer = await client.requestJson({ path, signal });
    if (!isRecord(answer) || answer["kind"] !== "APIResourceList" || !Array.isArray(answer["resources"])) {
      throw new AppError("KUBE_WRONG_KIND", `GET ${path}: the answer is no APIResourceList`, { retry: "idempotent" });
    }
    const entry = (answer["resources"] as readonly unknown[]).filter(isRecord).find(({ name }) => name === resource.plural);
    if (entry === undefined) return undefined;
    return Array.isArray(entry["verbs"]) ? (entry["verbs"] as readonly unknown[]) : [];
  } catch (thrown) {
    if (thrown instanceof AppError && (thrown.code === "KUBE_NO_SUCH_PATH" || thrown.code === "KUBE_NOT_FOUND")) return undefined;
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
