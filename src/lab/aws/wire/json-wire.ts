import { assertNever, isRecord } from "../../../kernel/index.ts";
import { AwsError } from "./aws-error.ts";
import type { Fields } from "./query-input.ts";
import type { Member, ServiceModel, Shape } from "./service-model.ts";

/** Reads the body of a request of AWS JSON 1.1 (Smithy: AWS JSON 1.1 protocol). Throws AwsError `SerializationException`. */
export function readJsonInput(model: ServiceModel, shapeName: string, body: string): Fields {
  let value: unknown;
  try {
    value = body === "" ? {} : JSON.parse(body);
  } catch {
    throw misfit("the body", "JSON");
  }
  return readStructure(model, model.shape(shapeName), value, "");
}

export function writeJsonOutput(model: ServiceModel, shapeName: string | undefined, output: Fields): string {
  return JSON.stringify(shapeName === undefined ? {} : written(model, { shape: shapeName }, output));
}

function readStructure(model: ServiceModel, shape: Shape, value: unknown, path: string): Fields {
  if (!isRecord(value)) throw misfit(path === "" ? "the body" : path, "an object");
  const fields: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(shape.members ?? {})) {
    const wire = member.locationName ?? name;
    const held = Object.hasOwn(value, wire) ? value[wire] : undefined;
    if (held !== undefined && held !== null) fields[name] = read(model, member, held, path === "" ? name : `${path}.${name}`);
  }
  return fields;
}

function read(model: ServiceModel, member: Member, value: unknown, path: string): unknown {
  const shape = model.shape(member.shape);
  const { member: entry, value: below } = shape;
  if (shape.type === "structure") return readStructure(model, shape, value, path);
  if (shape.type === "list") {
    if (!Array.isArray(value)) throw misfit(path, "a list");
    return entry === undefined ? [] : value.map((one: unknown, at) => read(model, entry, one, `${path}.${at + 1}`));
  }
  if (shape.type === "map") {
    if (!isRecord(value)) throw misfit(path, "an object");
    const entries =
      below === undefined ? [] : Object.entries(value).map(([name, one]) => [name, read(model, below, one, `${path}.${name}`)]);
    return Object.fromEntries(entries);
  }
  return readScalar(shape.type, value, path);
}

function readScalar(type: Exclude<Shape["type"], "structure" | "list" | "map">, value: unknown, path: string): unknown {
  switch (type) {
    case "boolean":
      if (typeof value !== "boolean") throw misfit(path, "true or false");
      return value;
    case "integer":
    case "long":
      if (!Number.isInteger(value)) throw misfit(path, "an integer");
      return value;
    case "float":
    case "double":
      if (typeof value !== "number") throw misfit(path, "a number");
      return value;
    case "timestamp":
      if (typeof value !== "number") throw misfit(path, "seconds since 1970");
      return new Date(value * 1000);
    case "blob":
      if (typeof value !== "string") throw misfit(path, "bytes in base64");
      return Buffer.from(value, "base64");
    case "string":
      if (typeof value !== "string") throw misfit(path, "a string");
      return value;
    default:
      return assertNever(type);
  }
}

function written(model: ServiceModel, member: Member, value: unknown): unknown {
  const shape = model.shape(member.shape);
  const { member: entry, value: below } = shape;
  if (shape.type === "structure")
    return Object.fromEntries(
      Object.entries(shape.members ?? {}).flatMap(([name, one]) => {
        const held = (value as Fields)[name];
        return held === undefined ? [] : [[one.locationName ?? name, written(model, one, held)]];
      }),
    );
  if (shape.type === "list" && entry !== undefined) return (value as readonly unknown[]).map((one) => written(model, entry, one));
  if (shape.type === "map" && below !== undefined)
    return Object.fromEntries(Object.entries(value as Fields).map(([name, one]) => [name, written(model, below, one)]));
  if (value instanceof Date) return value.getTime() / 1000;
  return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
}

function misfit(path: string, wanted: string): AwsError {
  return new AwsError("SerializationException", `${path} is not ${wanted}`);
}
