import { RE2JS } from "re2js";
import { messageOf } from "../../../kernel/index.ts";
import { CLEANUP_FINALIZER } from "../definitions.ts";
import {
  type Json,
  type JsonObject,
  arrayAt,
  ensureObject,
  isObject,
  metadataOf,
  objectAt,
  setDefault,
  stringAt,
  valueAt,
} from "../json.ts";
import { isDnsLabel, isDnsSubdomain } from "../object-meta.ts";
import type { Strategy } from "../resource-type.ts";
import { type Cause, invalidValue, notSupported, required } from "../status.ts";

/** Groups of the kinds that are built in; no definition may add to them. */
const RESERVED = new Set([
  "apps",
  "batch",
  "networking.k8s.io",
  "discovery.k8s.io",
  "coordination.k8s.io",
  "apiextensions.k8s.io",
  "authorization.k8s.io",
]);
const SCOPES = ["Cluster", "Namespaced"];

export const definitionStrategy: Strategy = {
  prepareCreate(definition) {
    definition["status"] = { conditions: [], acceptedNames: { plural: "", kind: "" }, storedVersions: [] };
    const metadata = metadataOf(definition);
    const finalizers = arrayAt(metadata, "finalizers");
    if (!finalizers.includes(CLEANUP_FINALIZER)) metadata["finalizers"] = [...finalizers, CLEANUP_FINALIZER];
  },
  applyDefaults(definition) {
    const spec = ensureObject(definition, "spec");
    const names = ensureObject(spec, "names");
    const kind = stringAt(names, "kind") ?? "";
    if (kind !== "") {
      setDefault(names, "singular", kind.toLowerCase());
      setDefault(names, "listKind", `${kind}List`);
    }
    setDefault(spec, "conversion", { strategy: "None" });
  },
  validate(definition, old) {
    const spec = objectAt(definition, "spec") ?? {};
    const group = stringAt(spec, "group") ?? "";
    const plural = stringAt(spec, "names", "plural") ?? "";
    const kind = stringAt(spec, "names", "kind") ?? "";
    const scope = stringAt(spec, "scope") ?? "";
    const causes: Cause[] = [];
    if (!isDnsSubdomain(group) || !group.includes("."))
      causes.push(invalidValue("spec.group", group, "should be a domain with at least one dot"));
    else if (RESERVED.has(group)) causes.push(invalidValue("spec.group", group, "is a group of Kubernetes itself"));
    if (!isDnsLabel(plural))
      causes.push(
        plural === "" ? required("spec.names.plural") : invalidValue("spec.names.plural", plural, "must be a lowercase RFC 1123 label"),
      );
    if (kind === "") causes.push(required("spec.names.kind"));
    if (!SCOPES.includes(scope)) causes.push(notSupported("spec.scope", scope, SCOPES));
    if (stringAt(definition, "metadata", "name") !== `${plural}.${group}`)
      causes.push(
        invalidValue("metadata.name", stringAt(definition, "metadata", "name") ?? "", `must be spec.names.plural+"."+spec.group`),
      );
    if (stringAt(spec, "conversion", "strategy") !== "None")
      causes.push(notSupported("spec.conversion.strategy", valueAt(spec, "conversion", "strategy") ?? "", ["None"]));
    if (old !== undefined) {
      for (const path of [["group"], ["scope"], ["names", "plural"], ["names", "kind"]]) {
        if (valueAt(spec, ...path) !== valueAt(old, "spec", ...path))
          causes.push(invalidValue(`spec.${path.join(".")}`, valueAt(spec, ...path) ?? "", "field is immutable"));
      }
    }
    return [...causes, ...validateVersions(arrayAt(spec, "versions"))];
  },
};

function validateVersions(versions: readonly Json[]): Cause[] {
  const causes: Cause[] = [];
  if (versions.length === 0) causes.push(required("spec.versions"));
  if (versions.filter((version) => valueAt(version, "storage") === true).length !== 1)
    causes.push(
      invalidValue(
        "spec.versions",
        versions.map((version) => stringAt(version, "name") ?? ""),
        "must have exactly one version marked as storage version",
      ),
    );
  for (const [at, version] of versions.entries()) {
    const path = `spec.versions[${at}]`;
    if (!isDnsLabel(stringAt(version, "name") ?? ""))
      causes.push(invalidValue(`${path}.name`, stringAt(version, "name") ?? "", "must be a lowercase RFC 1123 label"));
    const schema = objectAt(version, "schema", "openAPIV3Schema");
    if (schema === undefined) causes.push(required(`${path}.schema.openAPIV3Schema`, "schemas are required"));
    else if (schema["type"] !== "object")
      causes.push(invalidValue(`${path}.schema.openAPIV3Schema.type`, schema["type"] ?? "", "must be object at the root"));
    else causes.push(...validateSchema(schema, `${path}.schema.openAPIV3Schema`));
  }
  return causes;
}

/** The rules of a structural schema that this server depends on, and that every pattern compiles. */
function validateSchema(schema: JsonObject, path: string): Cause[] {
  const causes: Cause[] = [];
  const hasType =
    typeof schema["type"] === "string" ||
    schema["x-kubernetes-int-or-string"] === true ||
    schema["x-kubernetes-preserve-unknown-fields"] === true;
  if (!hasType) causes.push(required(`${path}.type`, "must not be empty for specified object fields"));
  if (schema["uniqueItems"] === true)
    causes.push({
      reason: "FieldValueForbidden",
      message: "Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
      field: `${path}.uniqueItems`,
    });
  if (schema["$ref"] !== undefined)
    causes.push({ reason: "FieldValueForbidden", message: "Forbidden: $ref is not supported", field: `${path}.$ref` });
  const { pattern, items, properties, additionalProperties } = schema;
  if (typeof pattern === "string") {
    try {
      RE2JS.compile(pattern);
    } catch (error) {
      causes.push(invalidValue(`${path}.pattern`, pattern, `must be a valid regular expression, but isn't: ${messageOf(error)}`));
    }
  }
  if (isObject(properties))
    for (const [key, part] of Object.entries(properties))
      if (isObject(part)) causes.push(...validateSchema(part, `${path}.properties[${key}]`));
  if (isObject(items)) causes.push(...validateSchema(items, `${path}.items`));
  if (isObject(additionalProperties)) causes.push(...validateSchema(additionalProperties, `${path}.additionalProperties`));
  return causes;
}
