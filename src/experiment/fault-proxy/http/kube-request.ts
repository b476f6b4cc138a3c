/** What a request asks a Kubernetes API server for, in the words of RBAC. */
export interface KubeRequest {
  readonly verb: string;
  /** Empty for the core group. */
  readonly group: string;
  /** `pods`, or `pods/log` for a subresource. */
  readonly resource: string;
  /** Empty when it is of no namespace, or of all. */
  readonly namespace: string;
  readonly name: string;
}

const WRITES: Readonly<Record<string, string>> = { POST: "create", PUT: "update", PATCH: "patch" };
/** Below a namespace these belong to the namespace itself. */
const OF_NAMESPACES: ReadonlySet<string> = new Set(["status", "finalize"]);

/** Reads method and path of a request (page "Kubernetes API Concepts"); undefined when it is about no resource. */
export function readKubeRequest(method: string, url: URL): KubeRequest | undefined {
  const parts = url.pathname.split("/").filter((part) => part !== "");
  const [root] = parts;
  const rest = root === "api" ? parts.slice(2) : root === "apis" ? parts.slice(3) : undefined;
  if (rest === undefined || rest.length === 0) return undefined;
  const group = root === "apis" ? (parts[1] ?? "") : "";
  // The old form of a watch: /api/v1/watch/pods.
  const isOldWatch = rest[0] === "watch";
  const path = isOldWatch ? rest.slice(1) : rest;
  const isInside = path[0] === "namespaces" && path.length > 2 && !OF_NAMESPACES.has(path[2] ?? "");
  const [resource = "", name = "", subresource] = isInside ? path.slice(2) : path;
  const isWatch = isOldWatch || ["true", "1"].includes(url.searchParams.get("watch") ?? "");
  return {
    verb: verbOf(method, name, isWatch),
    group,
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
    namespace: isInside ? (path[1] ?? "") : resource === "namespaces" ? name : "",
    name,
  };
}

function verbOf(method: string, name: string, isWatch: boolean): string {
  if (method === "GET" || method === "HEAD") return isWatch ? "watch" : name === "" ? "list" : "get";
  if (method === "DELETE") return name === "" ? "deletecollection" : "delete";
  return WRITES[method] ?? method.toLowerCase();
}
