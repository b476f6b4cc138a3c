import { AppError } from "../kernel/index.ts";
import type { ObjectRef, SelectOptions } from "./client-api.ts";
import { type Resource, collectionPath } from "./resource.ts";

/** Where one object is. Throws KUBE_BAD_REQUEST for a name that cannot stand in a path, and for a namespaced kind without namespace. */
export function objectPath(resource: Resource, ref: ObjectRef): string {
  if (ref.name === "" || ref.name === "." || ref.name === "..")
    throw new AppError("KUBE_BAD_REQUEST", `"${ref.name}" is no name of an object`);
  if (resource.namespaced && ref.namespace === undefined)
    throw new AppError("KUBE_BAD_REQUEST", `${resource.kind} "${ref.name}" needs a namespace`);
  return `${collectionPath(resource, ref.namespace)}/${encodeURIComponent(ref.name)}`;
}

/** The query of a selection. */
export function selectors(options: SelectOptions): Record<string, string | undefined> {
  return { labelSelector: options.labelSelector, fieldSelector: options.fieldSelector };
}

/** `?a=b&c=d`, or nothing; what is undefined is left out. */
export function queryText(query: Readonly<Record<string, string | undefined>> | undefined): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) parameters.set(name, value);
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}
