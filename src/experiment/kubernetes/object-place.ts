import { AppError } from "../../kernel/index.ts";
import type { KubeClient, ObjectRef, Resource } from "../../kube/index.ts";
import { type JsonObject, objectAt, textAt } from "../document/json.ts";
import type { ClusterObject } from "./listed.ts";

/** One object of a cluster. */
export interface ObjectPlace {
  readonly resource: Resource;
  readonly ref: ObjectRef;
}

export function titleOf({ resource, ref }: ObjectPlace): string {
  return `${resource.kind} ${ref.namespace === undefined ? "" : `${ref.namespace}/`}${ref.name}`;
}

/** As kubectl takes it: `-n shop deployment.apps/cart`. */
export function kubectlName({ resource, ref }: ObjectPlace): string {
  const kind = `${resource.plural}${resource.group === "" ? "" : `.${resource.group}`}`;
  return `${ref.namespace === undefined ? "" : `-n ${ref.namespace} `}${kind}/${ref.name}`;
}

/** Undefined where the server looked and there is none. */
export async function objectIfThere(client: KubeClient, place: ObjectPlace, signal?: AbortSignal): Promise<ClusterObject | undefined> {
  try {
    return await client.get<ClusterObject>(place.resource, place.ref, signal === undefined ? {} : { signal });
  } catch (error) {
    if (error instanceof AppError && error.code === "KUBE_NOT_FOUND") return undefined;
    throw error;
  }
}

/** A place as the ledger keeps it, and back. */
export function placeRecord({ resource, ref }: ObjectPlace): JsonObject {
  const { group, version, kind, plural, namespaced } = resource;
  return { group, version, kind, plural, namespaced, name: ref.name, ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }) };
}

export function placeFrom(record: JsonObject, field: string): ObjectPlace {
  const place = objectAt(record, field);
  const text = (name: string): string => textAt(place, name) ?? "";
  const namespace = textAt(place, "namespace");
  return {
    resource: {
      group: text("group"),
      version: text("version"),
      kind: text("kind"),
      plural: text("plural"),
      namespaced: place["namespaced"] === true,
    },
    ref: { name: text("name"), ...(namespace === undefined ? {} : { namespace }) },
  };
}
