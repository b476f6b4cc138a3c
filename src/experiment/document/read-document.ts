import { LineCounter, type Node, type ScalarTag, type Tags, isCollection, isNode, isPair, isScalar, parseDocument } from "yaml";
import { AppError, type Problem, messageOf } from "../../kernel/index.ts";
import { type Json, type JsonObject, isObject } from "./json.ts";
import { placeOfMistake } from "./json-mistake.ts";

/** Files beyond this are no experiments; YAML of this size takes seconds to read. */
const LIMIT_BYTES = 4 * 1024 * 1024;

export interface ReadDocument {
  readonly value: JsonObject;
  /** Where in the file something is, by its path; of its parent when it is not there itself. */
  placeOf(path: readonly (string | number)[]): { readonly line: number; readonly column: number };
}

/** PyYAML's booleans: those of YAML 1.1 without `y` and `n`, which are names to it. Dates are texts, as they are in JSON. */
function pythonTags(tags: Tags): Tags {
  return tags
    .filter((tag) => typeof tag === "string" || tag.tag !== "tag:yaml.org,2002:timestamp")
    .map((tag) => {
      if (typeof tag === "string" || tag.tag !== "tag:yaml.org,2002:bool") return tag;
      const { test } = tag as ScalarTag;
      return { ...(tag as ScalarTag), test: new RegExp(String(test?.source).replace("Y|y|", "").replace("N|n|", "")) };
    });
}

/** Reads an experiment, or another file of its kind, as JSON or, by its name, as YAML. Throws AppError `EXPERIMENT_UNREADABLE`. */
export function readDocument(text: string, file: string): ReadDocument {
  if (text.length > LIMIT_BYTES) throw unreadable({ file, line: 0, column: 0, message: `is larger than ${LIMIT_BYTES} bytes` });
  const isYaml = /\.ya?ml$/i.test(file);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    version: isYaml ? "1.1" : "1.2",
    uniqueKeys: false,
    strict: false,
    merge: isYaml,
    ...(isYaml ? { customTags: pythonTags } : {}),
  });
  const value = isYaml ? yamlValue(document) : jsonValue(text, file);
  if (!isObject(value)) throw unreadable({ file, line: 1, column: 1, message: "holds no object: write title, description and method" });
  return {
    value,
    placeOf(path) {
      const offset = offsetOf(document.contents, path);
      const { line, col } = lines.linePos(offset);
      return { line: Math.max(1, line), column: Math.max(1, col) };
    },
  };

  function yamlValue(parsed: typeof document): Json {
    const [error] = parsed.errors;
    if (error !== undefined) {
      const { line, col } = lines.linePos(error.pos[0]);
      throw unreadable({ file, line, column: col, message: `is no YAML: ${error.message.split("\n")[0] ?? ""}` });
    }
    // Through JSON, which has no such things as an infinite number.
    return JSON.parse(JSON.stringify(parsed.toJS({ maxAliasCount: 100 }) ?? null)) as Json;
  }
}

function jsonValue(text: string, file: string): Json {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, "")) as Json;
  } catch (error) {
    throw unreadable({ file, ...placeOfMistake(text), message: `is no JSON: ${messageOf(error).replace(/ \(line .*$/, "")}` });
  }
}

function unreadable({ file, line, column, message }: Problem): AppError {
  return new AppError("EXPERIMENT_UNREADABLE", line > 0 ? `${file}:${line}:${column}: ${message}` : `${file}: ${message}`);
}

/** Where a node begins; of a field its name. */
function offsetOf(root: unknown, path: readonly (string | number)[]): number {
  let node: unknown = root;
  let offset = startOf(root) ?? 0;
  for (const step of path) {
    if (!isNode(node) || !isCollection(node)) break;
    const item: unknown = node.items.find((entry, at) =>
      isPair(entry) ? isScalar(entry.key) && String(entry.key.value) === String(step) : at === step,
    );
    if (item === undefined) break;
    const inner: unknown = isPair(item) ? item.value : item;
    offset = (isPair(item) ? startOf(item.key) : startOf(item)) ?? offset;
    node = inner;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? (node as Node).range?.[0] : undefined;
}
