import { type JsonObject, metadataOf } from "./json.ts";
import type { ListResult } from "./read.ts";
import { type ResourceType, apiVersionOf } from "./resource-type.ts";
import { notAcceptable } from "./status.ts";
import { type RowObject, partialOf, tableOf } from "./table.ts";

/** The form in which a client wants objects: whole, as a table for people, or only their metadata. */
export type Form = "whole" | "table" | "partial";

/** Reads Accept (page "Kubernetes API Concepts", "Alternate representations of resources"). Throws 406. */
export function negotiateForm(accept: string | undefined): Form {
  if (accept === undefined || accept === "") return "whole";
  for (const range of accept.split(",")) {
    const [media = "", ...parameters] = range.split(";").map((part) => part.trim());
    const values = new Map(parameters.map((parameter) => parameter.split("=").map((part) => part.trim()) as [string, string]));
    if (media !== "application/json" && media !== "*/*" && media !== "application/*") continue;
    const as = values.get("as");
    if (as === undefined) return "whole";
    if (values.get("g") !== "meta.k8s.io" || values.get("v") !== "v1") continue;
    if (as === "Table") return "table";
    if (as === "PartialObjectMetadata" || as === "PartialObjectMetadataList") return "partial";
  }
  throw notAcceptable();
}

/** Reads `includeObject` of a table request. */
export function rowObject(query: URLSearchParams): RowObject {
  const asked = query.get("includeObject");
  return asked === "Object" || asked === "None" ? asked : "Metadata";
}

export interface Presentation {
  readonly form: Form;
  readonly rows: RowObject;
  readonly nowMs: number;
}

/** One object in the form asked for; a Status is always itself. */
export function presentObject(object: JsonObject, type: ResourceType, { form, rows, nowMs }: Presentation, withColumns = true): JsonObject {
  if (form === "whole" || object["kind"] === "Status") return object;
  if (form === "partial") return partialOf(object);
  return tableOf(type, [object], { resourceVersion: metadataOf(object)["resourceVersion"] ?? "" }, { rows, nowMs, withColumns });
}

/** A list in the form asked for. */
export function presentList(list: ListResult, type: ResourceType, { form, rows, nowMs }: Presentation): JsonObject {
  if (form === "table") return tableOf(type, list.items, list.metadata, { rows, nowMs, withColumns: true });
  if (form === "partial")
    return { kind: "PartialObjectMetadataList", apiVersion: "meta.k8s.io/v1", metadata: list.metadata, items: list.items.map(partialOf) };
  return { kind: type.listKind, apiVersion: apiVersionOf(type), metadata: list.metadata, items: [...list.items] };
}
