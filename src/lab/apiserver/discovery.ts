import type { Json, JsonObject } from "./json.ts";
import type { Registry } from "./registry.ts";
import { type ResourceType, type Subresource, apiVersionOf } from "./resource-type.ts";

const VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/** Kind and verbs of each subresource; `undefined` kind: that of the resource itself. */
const SUBRESOURCES: Readonly<
  Record<Subresource, { readonly gvk?: { group: string; version: string; kind: string }; readonly verbs: readonly string[] }>
> = {
  status: { verbs: ["get", "patch", "update"] },
  finalize: { verbs: ["update"] },
  scale: { gvk: { group: "autoscaling", version: "v1", kind: "Scale" }, verbs: ["get", "patch", "update"] },
  binding: { gvk: { group: "", version: "v1", kind: "Binding" }, verbs: ["create"] },
  eviction: { gvk: { group: "policy", version: "v1", kind: "Eviction" }, verbs: ["create"] },
  log: { verbs: ["get"] },
};

/** Group versions in the order that clients should prefer; the core group is `""`. */
function groups(registry: Registry): Map<string, Map<string, ResourceType[]>> {
  const result = new Map<string, Map<string, ResourceType[]>>();
  for (const type of registry.all()) {
    let versions = result.get(type.group);
    if (versions === undefined) result.set(type.group, (versions = new Map<string, ResourceType[]>()));
    const types = versions.get(type.version);
    if (types === undefined) versions.set(type.version, [type]);
    else types.push(type);
  }
  for (const [group, versions] of result)
    result.set(group, new Map([...versions].toSorted(([left], [right]) => compareVersions(left, right))));
  return result;
}

/** `v2` before `v1` before `v1beta1` before `v1alpha1`: stable ones first, then the higher one. */
export function compareVersions(left: string, right: string): number {
  const rank = (version: string): readonly number[] => {
    const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
    if (match === null) return [3, 0, 0];
    return [match[2] === undefined ? 0 : match[2] === "beta" ? 1 : 2, -Number(match[1]), -Number(match[3] ?? 0)];
  };
  const [leftRank, rightRank] = [rank(left), rank(right)];
  return leftRank.map((value, at) => value - (rightRank[at] ?? 0)).find((difference) => difference !== 0) ?? left.localeCompare(right);
}

/** `GET /api`. */
export function apiVersions(): JsonObject {
  return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] };
}

function groupObject(group: string, versions: ReadonlyMap<string, unknown>): JsonObject {
  const listed = [...versions.keys()].map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: listed, preferredVersion: listed[0] ?? {} };
}

/** `GET /apis`. */
export function apiGroupList(registry: Registry): JsonObject {
  const listed = [...groups(registry)].filter(([group]) => group !== "").map(([group, versions]): Json => groupObject(group, versions));
  return { kind: "APIGroupList", apiVersion: "v1", groups: listed };
}

/** `GET /apis/GROUP`; undefined for a group that is not served. */
export function apiGroup(registry: Registry, group: string): JsonObject | undefined {
  const versions = groups(registry).get(group);
  return versions === undefined || group === "" ? undefined : { kind: "APIGroup", apiVersion: "v1", ...groupObject(group, versions) };
}

/** `GET /api/v1` and `GET /apis/GROUP/VERSION`; undefined for one that is not served. */
export function apiResourceList(registry: Registry, group: string, version: string): JsonObject | undefined {
  const types = groups(registry).get(group)?.get(version);
  if (types === undefined) return undefined;
  const resources = types.flatMap((type): Json[] => [
    {
      name: type.plural,
      singularName: type.singular,
      namespaced: type.namespaced,
      kind: type.kind,
      verbs: verbsOf(type),
      ...(type.shortNames.length === 0 ? {} : { shortNames: [...type.shortNames] }),
      ...(type.categories.length === 0 ? {} : { categories: [...type.categories] }),
    },
    ...type.subresources.map((name): Json => {
      const { gvk, verbs } = SUBRESOURCES[name];
      return {
        name: `${type.plural}/${name}`,
        singularName: "",
        namespaced: type.namespaced,
        ...(gvk ?? { kind: type.kind }),
        verbs: [...verbs],
      };
    }),
  ]);
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion: group === "" ? version : `${group}/${version}`, resources };
}

function verbsOf(type: ResourceType): string[] {
  return type.stored ? [...VERBS] : ["create"];
}

/** True when the client asks for all groups in one document (page "Kubernetes API Concepts", "Aggregated discovery"). */
export function wantsAggregated(accept: string | undefined): boolean {
  return (accept ?? "")
    .split(",")
    .some((range) => /as=APIGroupDiscoveryList/.test(range) && /g=apidiscovery\.k8s\.io/.test(range) && /v=v2(;|$|\s)/.test(`${range};`));
}

export const AGGREGATED_TYPE = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** `GET /api` (core only) and `GET /apis` (all the others) as one `apidiscovery.k8s.io/v2` document. */
export function aggregatedDiscovery(registry: Registry, core: boolean): JsonObject {
  const items = [...groups(registry)]
    .filter(([group]) => (group === "") === core)
    .map(([group, versions]): Json => ({
      metadata: { ...(group === "" ? {} : { name: group }), creationTimestamp: null },
      versions: [...versions].map(([version, types]): Json => ({
        version,
        resources: types.map(aggregatedResource),
        freshness: "Current",
      })),
    }));
  return { kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", metadata: {}, items };
}

function aggregatedResource(type: ResourceType): Json {
  const subresources = type.subresources.map((name): Json => {
    const { gvk, verbs } = SUBRESOURCES[name];
    return { subresource: name, responseKind: gvk ?? { group: type.group, version: type.version, kind: type.kind }, verbs: [...verbs] };
  });
  return {
    resource: type.plural,
    responseKind: { group: type.group, version: type.version, kind: type.kind },
    scope: type.namespaced ? "Namespaced" : "Cluster",
    singularResource: type.singular,
    verbs: verbsOf(type),
    ...(type.shortNames.length === 0 ? {} : { shortNames: [...type.shortNames] }),
    ...(type.categories.length === 0 ? {} : { categories: [...type.categories] }),
    ...(subresources.length === 0 ? {} : { subresources }),
  };
}

/** The group versions served, as `api/v1` and `apis/GROUP/VERSION`. */
export function groupVersionPaths(registry: Registry): Map<string, ResourceType[]> {
  const paths = new Map<string, ResourceType[]>();
  for (const type of registry.all()) {
    const path = type.group === "" ? `api/${type.version}` : `apis/${apiVersionOf(type)}`;
    const known = paths.get(path);
    if (known === undefined) paths.set(path, [type]);
    else known.push(type);
  }
  return paths;
}
