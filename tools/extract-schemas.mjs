// Makes src/lab/apiserver/builtin-schemas.jsonl: the schemas of the kinds that the lab's API server has, from the OpenAPI documents
// that Kubernetes publishes with its source (module k8s.io/kubernetes, api/openapi-spec/v3; Apache-2.0). Descriptions are cut to
// their first sentence. Usage: bin/node tools/extract-schemas.mjs [FOLDER]   (default: Go's module cache, after tools/build-kube.sh)
import { readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const VERSION = "v1.36.3";
const folder =
  process.argv[2] ?? join(process.env.GOMODCACHE ?? join(homedir(), "go/pkg/mod"), `k8s.io/kubernetes@${VERSION}/api/openapi-spec/v3`);
const KINDS = {
  api__v1: ["Namespace", "Pod", "Service", "Node", "Event", "ConfigMap", "Secret", "ServiceAccount", "Endpoints", "Binding"],
  apis__apps__v1: ["Deployment", "ReplicaSet", "DaemonSet", "ControllerRevision"],
  apis__batch__v1: ["Job", "CronJob"],
  "apis__networking.k8s.io__v1": ["Ingress", "IngressClass"],
  "apis__discovery.k8s.io__v1": ["EndpointSlice"],
  "apis__coordination.k8s.io__v1": ["Lease"],
  "apis__apiextensions.k8s.io__v1": ["CustomResourceDefinition"],
  apis__autoscaling__v1: ["Scale"],
  apis__policy__v1: ["Eviction"],
  "apis__authorization.k8s.io__v1": ["SelfSubjectAccessReview"],
};
const ALWAYS = new Set(["Status", "DeleteOptions", "ObjectMeta"].map((name) => `io.k8s.apimachinery.pkg.apis.meta.v1.${name}`));

const definitions = {};
for (const [file, kinds] of Object.entries(KINDS)) {
  const { schemas } = JSON.parse(readFileSync(join(folder, `${file}_openapi.json`), "utf8")).components;
  for (const [name, schema] of Object.entries(schemas)) {
    const gvks = schema["x-kubernetes-group-version-kind"] ?? [];
    const wanted = gvks.length === 1 && kinds.some((kind) => gvks[0].kind === kind || gvks[0].kind === `${kind}List`);
    if (wanted || ALWAYS.has(name)) take(name, schemas);
  }
}

function take(name, schemas) {
  if (definitions[name] !== undefined) return;
  definitions[name] = {};
  Object.assign(definitions[name], reduced(schemas[name], schemas));
}

function reduced(schema, schemas) {
  const reference = schema.$ref ?? (schema.allOf?.length === 1 ? schema.allOf[0].$ref : undefined);
  const result = {};
  if (schema.description !== undefined) result.description = firstSentence(schema.description);
  if (reference !== undefined) {
    const name = reference.replace("#/components/schemas/", "");
    take(name, schemas);
    return { ...result, $ref: name };
  }
  for (const [key, value] of Object.entries(schema)) {
    if (key === "description" || key === "uniqueItems") continue;
    // Go's zero values are published as defaults too; only the others say something.
    if (key === "default" && (typeof value === "object" || value === "" || value === 0 || value === false)) continue;
    if (key === "properties")
      result.properties = Object.fromEntries(Object.entries(value).map(([name, property]) => [name, reduced(property, schemas)]));
    else if (key === "items" || (key === "additionalProperties" && typeof value === "object")) result[key] = reduced(value, schemas);
    // Status and DeleteOptions name every group there is; here only the kinds above have one identity each.
    else if (key === "x-kubernetes-group-version-kind" && value.length > 1) continue;
    else result[key] = value;
  }
  return result;
}

function firstSentence(text) {
  const line = text.split("\n\n")[0].replaceAll("\n", " ");
  const end = line.search(/\. [A-Z]/);
  return end === -1 ? line : line.slice(0, end + 1);
}

const sorted = Object.fromEntries(Object.entries(definitions).toSorted(([left], [right]) => (left < right ? -1 : 1)));
const target = new URL("../src/lab/apiserver/builtin-schemas.jsonl", import.meta.url);
// One definition a line, so that a new release can be reviewed as a diff.
const lines = Object.entries(sorted).map((entry) => JSON.stringify(entry));
writeFileSync(target, `${[JSON.stringify(`k8s.io/kubernetes ${VERSION} api/openapi-spec/v3 (Apache-2.0)`), ...lines].join("\n")}\n`);
console.log(`${lines.length} definitions, ${readFileSync(target).length} bytes`);
