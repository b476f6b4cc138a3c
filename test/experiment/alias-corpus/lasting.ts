const SPEC = [
  "unschedulable",
  "replicas",
  "podSelector",
  "policyTypes",
  "ingress",
  "egress",
  "size",
  "nodeSelector",
  "containers",
  "template",
];
const NAMES = ["name", "namespace", "labels", "annotations"];

/** An answer without what another server or another world has otherwise: defaults, names that the server gives, and times. */
export function lasting(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lasting);
  if (!isRecord(value)) return value;
  if (isRecord(value["metadata"])) return lastingObject(value, value["metadata"]);
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, lasting(field)]));
}

function lastingObject(object: Record<string, unknown>, metadata: Record<string, unknown>): unknown {
  const annotations = isRecord(metadata["annotations"])
    ? { annotations: Object.keys(metadata["annotations"]).filter((name) => !name.startsWith("deprecated.")) }
    : {};
  return {
    ...only({ ...metadata, ...annotations }, NAMES),
    ...(metadata["deletionTimestamp"] === undefined ? {} : { isBeingDeleted: true }),
    spec: lasting(isRecord(object["spec"]) ? only(object["spec"], SPEC) : {}),
    ...(Array.isArray(object["items"]) ? { kind: object["kind"], items: lasting(object["items"]) } : {}),
    ...(object["kind"] === "Status" ? { code: object["code"] } : {}),
  };
}

function only(fields: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  const kept = names.filter(
    (name) => fields[name] !== undefined && fields[name] !== false && !["{}", "[]"].includes(JSON.stringify(fields[name])),
  );
  return Object.fromEntries(kept.map((name) => [name, name === "containers" ? imagesOf(fields[name]) : fields[name]]));
}

function imagesOf(containers: unknown): unknown {
  return Array.isArray(containers) ? containers.map((container: unknown) => (isRecord(container) ? container["image"] : null)) : containers;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
