import type { BuiltinSchemas } from "./builtin-schema.ts";
import { readExtractedTable } from "./extracted-table.ts";
import { type Json, type JsonObject, isObject } from "./json.ts";
import { badRequest } from "./status.ts";

export const KUBERNETES_PROTOBUF = "application/vnd.kubernetes.protobuf";

/** JSON name, type, and how the field is held: see tools/extract-protobuf.mjs. */
type Field = readonly [string, string, "inline" | "map" | "list" | "pointer" | "plain"];

/** Reads an object that a Go client sent as protobuf; kubectl does so from 1.31 on where it has a typed client (`create deployment`, `drain`). */
export type ProtobufDecoder = (bytes: Buffer) => JsonObject;

const MAGIC = Buffer.from("k8s\0");
const DELETE_OPTIONS = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";
const DEPTH_LIMIT = 60;

export function createProtobufDecoder(schemas: BuiltinSchemas): ProtobufDecoder {
  const messages = readExtractedTable<Record<string, Field>>("./builtin-protobuf.jsonl");
  return (bytes) => {
    try {
      return decodeObject(bytes, schemas, messages);
    } catch (error) {
      if (error instanceof RangeError)
        throw badRequest("the body of the request is not the protobuf of a Kubernetes object: it ends too early");
      throw error;
    }
  };
}

/** The envelope is `runtime.Unknown`: type and version, then the object's own message (page "Kubernetes API Concepts", "Protobuf encoding"). */
function decodeObject(bytes: Buffer, schemas: BuiltinSchemas, messages: Record<string, Record<string, Field>>): JsonObject {
  if (!bytes.subarray(0, 4).equals(MAGIC))
    throw badRequest("the body of the request is not the protobuf of a Kubernetes object: it does not begin with k8s and a zero byte");
  let apiVersion = "";
  let kind = "";
  let raw: Buffer = Buffer.alloc(0);
  for (const [number, value] of fields(bytes.subarray(4))) {
    if (number === 2 && Buffer.isBuffer(value)) raw = value;
    if (number !== 1 || !Buffer.isBuffer(value)) continue;
    for (const [part, text] of fields(value)) {
      if (part === 1) apiVersion = String(text);
      if (part === 2) kind = String(text);
    }
  }
  const [version = "", group = ""] = apiVersion.split("/").toReversed();
  const name = kind === "DeleteOptions" ? DELETE_OPTIONS : schemas.nameOf(group, version, kind);
  if (name === undefined || messages[name] === undefined) throw badRequest(`there is no protobuf form of ${apiVersion} ${kind}; send JSON`);
  return { ...message(raw, name, messages, 0), apiVersion, kind };
}

type WireValue = bigint | number | Buffer;

/** Field numbers and values of a message (page "Protocol Buffers: Encoding"). Throws RangeError where it is cut. */
function* fields(bytes: Buffer): Generator<readonly [number, WireValue]> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes.readUInt8(at++);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asIntN(64, value);
    }
    throw new RangeError("varint");
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const wire = key & 7;
    if (wire === 0) yield [key >> 3, varint()];
    else if (wire === 1) {
      yield [key >> 3, bytes.readDoubleLE(at)];
      at += 8;
    } else if (wire === 2) {
      const length = Number(varint());
      if (length < 0 || at + length > bytes.length) throw new RangeError("length");
      yield [key >> 3, bytes.subarray(at, at + length)];
      at += length;
    } else throw new RangeError("wire type");
  }
}

function message(bytes: Buffer, name: string, messages: Record<string, Record<string, Field>>, depth: number): JsonObject {
  if (depth > DEPTH_LIMIT) throw badRequest(`the protobuf is nested deeper than ${DEPTH_LIMIT} levels`);
  const result: JsonObject = {};
  for (const [number, value] of fields(bytes)) {
    const field = messages[name]?.[number];
    if (field === undefined) continue;
    const [json, type, how] = field;
    const decoded = how === "map" ? entry(value, type, messages, depth) : single(value, type, messages, depth);
    if (decoded === undefined) continue;
    const known = result[json];
    if (how === "inline" && isObject(decoded)) Object.assign(result, decoded);
    else if (how === "map" && isObject(decoded)) result[json] = { ...(isObject(known) ? known : {}), ...decoded };
    else if (how === "list") result[json] = [...(Array.isArray(known) ? known : []), decoded];
    // Go writes what is not behind a pointer even when it is zero; as JSON it would have left it out.
    else if (how === "pointer" || !isZero(decoded)) result[json] = decoded;
  }
  return result;
}

function isZero(value: Json): boolean {
  return value === "" || value === 0 || value === false || (isObject(value) && Object.keys(value).length === 0);
}

/** One entry of a map: key 1, value 2. */
function entry(value: WireValue, type: string, messages: Record<string, Record<string, Field>>, depth: number): JsonObject | undefined {
  if (!Buffer.isBuffer(value)) return undefined;
  let key = "";
  let held: Json = "";
  for (const [number, part] of fields(value)) {
    if (number === 1) key = String(part);
    else if (number === 2) held = single(part, type, messages, depth) ?? "";
  }
  return key === "__proto__" ? undefined : { [key]: held };
}

function single(value: WireValue, type: string, messages: Record<string, Record<string, Field>>, depth: number): Json | undefined {
  if (!Buffer.isBuffer(value)) return type === "bool" ? value !== 0n : Number(value);
  switch (type) {
    case "string":
      return value.toString("utf8");
    case "bytes":
      return value.toString("base64");
    case "time": {
      const { seconds = 0n, nanos = 0n } = named(value, ["seconds", "nanos"]);
      if (value.length === 0) return undefined;
      const text = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
      return nanos === 0n ? `${text}Z` : `${text}.${String(Number(nanos)).padStart(9, "0").slice(0, 6)}Z`;
    }
    case "quantity":
      return String(named(value, ["string"])["string"] ?? "0");
    case "intOrString": {
      const { kind, int, string } = named(value, ["kind", "int", "string"]);
      return kind === 1n ? String(string ?? "") : Number(int ?? 0);
    }
    case "raw":
      return JSON.parse(String(named(value, ["raw"])["raw"] ?? "null")) as Json;
    default:
      return message(value, type, messages, depth + 1);
  }
}

/** The fields of a small message, numbered from 1 in the order of the names. */
function named(bytes: Buffer, names: readonly string[]): Partial<Record<string, WireValue>> {
  const result: Partial<Record<string, WireValue>> = {};
  for (const [number, value] of fields(bytes)) {
    const name = names[number - 1];
    if (name !== undefined) result[name] = value;
  }
  return result;
}
