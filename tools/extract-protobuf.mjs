// Makes src/lab/apiserver/builtin-protobuf.jsonl: how Go clients write the built-in kinds as protobuf (field numbers, JSON names,
// what is a pointer), from the tags in the Go types of Kubernetes (modules k8s.io/api and k8s.io/apimachinery; Apache-2.0).
// Run it after extract-schemas.mjs, whose definitions it covers. Usage: bin/node tools/extract-protobuf.mjs [GOMODCACHE]
import { readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const VERSION = "v0.36.3";
const modules = process.argv[2] ?? process.env.GOMODCACHE ?? join(homedir(), "go/pkg/mod");
const definitions = Object.fromEntries(
  readFileSync(new URL("../src/lab/apiserver/builtin-schemas.jsonl", import.meta.url), "utf8")
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => JSON.parse(line)),
);
const META = "io.k8s.apimachinery.pkg.apis.meta.v1";
const CORE = "io.k8s.api.core.v1";
const PACKAGES = { [META]: `apimachinery@${VERSION}/pkg/apis/meta/v1/types.go` };
for (const group of ["core", "apps", "batch", "networking", "discovery", "coordination", "policy", "authorization", "autoscaling"]) {
  PACKAGES[`io.k8s.api.${group}.v1`] = `api@${VERSION}/${group}/v1/types.go`;
}
// Types that are no plain structs on the wire; the decoder knows them.
const SPECIAL = {
  "metav1.Time": "time",
  "metav1.MicroTime": "time",
  Time: "time",
  MicroTime: "time",
  "resource.Quantity": "quantity",
  "intstr.IntOrString": "intOrString",
  "runtime.RawExtension": "raw",
  FieldsV1: "raw",
  "metav1.FieldsV1": "raw",
};

const structs = {};
for (const [name, file] of Object.entries(PACKAGES)) {
  let current;
  for (const line of readFileSync(join(modules, "k8s.io", file), "utf8").split("\n")) {
    const opened = /^type (\w+) struct \{/.exec(line);
    if (opened !== null) current = structs[`${name}.${opened[1]}`] = [];
    else if (line.startsWith("}")) current = undefined;
    const field = /^\t(?:(\w+)\s+)?(\S+)\s+`json:"([^",]*)(,inline)?[^"]*"[^`]* protobuf:"(\w+),(\d+),(opt|rep)/.exec(line);
    if (current === undefined || field === null) continue;
    const [, , type, json, inline, wire, number, repeat] = field;
    current.push({ number, json, type, wire, isInline: inline !== undefined || json === "", isRepeated: repeat === "rep" });
  }
}

function resolve(type, own) {
  const bare = type.replace(/^(\*|\[\])+/, "");
  if (SPECIAL[bare] !== undefined) return SPECIAL[bare];
  const [alias, name] = bare.includes(".") ? bare.split(".") : [undefined, bare];
  const home = alias === undefined ? own : alias === "metav1" ? META : CORE;
  return structs[`${home}.${name}`] === undefined ? undefined : `${home}.${name}`;
}

// The tags of a few int32 fields say bytes, so the Go type decides first.
function scalar(type, wire) {
  const bare = type.replace(/^(\*|\[\])+/, "");
  if (type === "[]byte" || type === "[]uint8") return "bytes";
  if (bare === "bool") return "bool";
  if (/^u?int(32|64)?$/.test(bare) || wire === "varint") return "int";
  return bare === "float64" ? "double" : "string";
}

const roots = [...Object.keys(definitions), `${META}.DeleteOptions`].filter((name) => structs[name] !== undefined);
const result = {};
while (roots.length > 0) {
  const name = roots.pop();
  if (result[name] !== undefined) continue;
  const own = name.slice(0, name.lastIndexOf("."));
  result[name] = {};
  for (const { number, json, type, wire, isInline, isRepeated } of structs[name]) {
    const map = /^map\[\w+\](.*)$/.exec(type.replace(/^(v1\.|corev1\.)?ResourceList$/, "map[ResourceName]resource.Quantity"));
    const value = map === null ? type : map[1];
    const kind = resolve(value, own) ?? scalar(value, map === null ? wire : "bytes");
    if (structs[kind] !== undefined) roots.push(kind);
    // [JSON name, type, how: inline, map, repeated, pointer or plain]
    result[name][number] = [
      json,
      kind,
      isInline
        ? "inline"
        : map !== null
          ? "map"
          : (isRepeated || value.startsWith("[]")) && value !== "[]byte"
            ? "list"
            : type.startsWith("*")
              ? "pointer"
              : "plain",
    ];
  }
}
const lines = Object.entries(result)
  .toSorted(([left], [right]) => (left < right ? -1 : 1))
  .map((entry) => JSON.stringify(entry));
const source = `k8s.io/api and k8s.io/apimachinery ${VERSION}, types.go (Apache-2.0)`;
writeFileSync(
  new URL("../src/lab/apiserver/builtin-protobuf.jsonl", import.meta.url),
  `${[JSON.stringify(source), ...lines].join("\n")}\n`,
);
console.log(`${lines.length} messages`);
