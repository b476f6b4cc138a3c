import { badRequest } from "./status.ts";

/** What a path asks for. `namespace` is undefined across all namespaces; `name` and `subresource` where the path has them. */
export type RequestTarget =
  | {
      readonly kind: "resource";
      readonly group: string;
      readonly version: string;
      readonly plural: string;
      readonly namespace: string | undefined;
      readonly name: string | undefined;
      readonly subresource: string | undefined;
    }
  | { readonly kind: "other"; readonly path: string };

/**
 * Reads a path as the API server does: `/api/v1/...` or `/apis/GROUP/VERSION/...`, then
 * `[namespaces/NS/]PLURAL[/NAME[/SUBRESOURCE]]` (page "Kubernetes API Concepts"). Throws 400 for a path that cannot be decoded.
 */
export function parseTarget(pathname: string): RequestTarget {
  const parts = pathname
    .split("/")
    .filter((part) => part !== "")
    .map(decode);
  const isCore = parts[0] === "api" && parts[1] === "v1" && parts.length > 2;
  const isGroup = parts[0] === "apis" && parts.length > 3;
  if (!isCore && !isGroup) return { kind: "other", path: pathname };
  const [group, version, rest] = isCore ? ["", "v1", parts.slice(2)] : [parts[1] ?? "", parts[2] ?? "", parts.slice(3)];
  // `/namespaces/NS/status` and `/namespaces/NS/finalize` are the namespace's own subresources, not kinds within it.
  const scoped = rest[0] === "namespaces" && rest.length > 2 && !(group === "" && (rest[2] === "status" || rest[2] === "finalize"));
  const namespace = scoped ? rest[1] : undefined;
  const [plural = "", name, ...subresource] = scoped ? rest.slice(2) : rest;
  return {
    kind: "resource",
    group,
    version,
    plural,
    namespace,
    name,
    subresource: subresource.length === 0 ? undefined : subresource.join("/"),
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw badRequest(`the path has a part that is not percent-encoded UTF-8: ${part}`);
  }
}
