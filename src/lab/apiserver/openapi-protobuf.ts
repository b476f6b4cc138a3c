import { type Json, type JsonObject, arrayAt, isObject, objectAt, stringAt } from "./json.ts";

/** What old and new kubectls ask `/openapi/v2` for. */
export const OPENAPI_PROTOBUF_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/** A protobuf message under construction (page "Protocol Buffers: Encoding"); field numbers are those of gnostic's OpenAPIv2.proto. */
class Message {
  readonly #parts: Buffer[] = [];

  text(field: number, value: Json | undefined): this {
    if (typeof value === "string" && value !== "") this.#bytes(field, Buffer.from(value));
    return this;
  }

  texts(field: number, values: readonly Json[]): this {
    for (const value of values) if (typeof value === "string") this.#bytes(field, Buffer.from(value));
    return this;
  }

  flag(field: number, value: Json | undefined): this {
    if (value === true) this.#parts.push(varint(field << 3), varint(1));
    return this;
  }

  whole(field: number, value: Json | undefined): this {
    if (typeof value === "number" && value !== 0) this.#parts.push(varint(field << 3), varint(value));
    return this;
  }

  double(field: number, value: Json | undefined): this {
    if (typeof value !== "number" || value === 0) return this;
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    this.#parts.push(varint((field << 3) | 1), bytes);
    return this;
  }

  message(field: number, value: Message | undefined): this {
    if (value !== undefined) this.#bytes(field, value.encode());
    return this;
  }

  messages(field: number, values: readonly Message[]): this {
    for (const value of values) this.message(field, value);
    return this;
  }

  encode(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #bytes(field: number, value: Buffer): void {
    this.#parts.push(varint((field << 3) | 2), varint(value.length), value);
  }
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(Math.trunc(value)));
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

/** An OpenAPI v2 document as gnostic's protobuf, as far as {@link createOpenApi} makes use of the format. */
export function encodeOpenApiV2(document: JsonObject): Buffer {
  const info = new Message().text(1, stringAt(document, "info", "title")).text(2, stringAt(document, "info", "version"));
  const paths = new Message().messages(2, named(objectAt(document, "paths"), pathItem));
  const definitions = new Message().messages(1, named(objectAt(document, "definitions"), schema));
  return new Message().text(1, document["swagger"]).message(2, info).message(8, paths).message(9, definitions).encode();
}

/** `{name, value}` pairs: how the format writes maps. */
function named(map: JsonObject | undefined, encode: (value: JsonObject) => Message): Message[] {
  return Object.entries(map ?? {}).map(([name, value]) => new Message().text(1, name).message(2, encode(isObject(value) ? value : {})));
}

/** Values of any type travel as YAML, of which JSON is a part. */
function any(value: Json): Message {
  return new Message().text(2, JSON.stringify(value));
}

function extensions(object: JsonObject): Message[] {
  return Object.entries(object)
    .filter(([key]) => key.startsWith("x-"))
    .map(([name, value]) => new Message().text(1, name).message(2, any(value)));
}

function pathItem(item: JsonObject): Message {
  const message = new Message();
  for (const [method, field] of [
    ["get", 2],
    ["put", 3],
    ["post", 4],
    ["delete", 5],
    ["patch", 8],
  ] as const) {
    const found = objectAt(item, method);
    if (found !== undefined) message.message(field, operation(found));
  }
  return message.messages(9, arrayAt(item, "parameters").filter(isObject).map(parameter));
}

function operation(value: JsonObject): Message {
  const responses = new Message().messages(
    1,
    named(objectAt(value, "responses"), (response) => {
      const answered = objectAt(response, "schema");
      const body = new Message()
        .text(1, response["description"])
        .message(2, answered === undefined ? undefined : new Message().message(1, schema(answered)));
      return new Message().message(1, body);
    }),
  );
  return new Message()
    .text(5, value["operationId"])
    .texts(6, arrayAt(value, "produces"))
    .texts(7, arrayAt(value, "consumes"))
    .messages(8, arrayAt(value, "parameters").filter(isObject).map(parameter))
    .message(9, responses)
    .messages(13, extensions(value));
}

/** ParametersItem > Parameter > body, or > NonBodyParameter > query or path. */
function parameter(value: JsonObject): Message {
  if (value["in"] === "body") {
    const body = new Message()
      .text(2, value["name"])
      .text(3, "body")
      .flag(4, value["required"])
      .message(5, schema(objectAt(value, "schema") ?? {}));
    return new Message().message(1, new Message().message(1, body));
  }
  const inPath = value["in"] === "path";
  const sub = new Message()
    .flag(1, value["required"])
    .text(2, value["in"])
    .text(4, value["name"])
    .text(inPath ? 5 : 6, value["type"])
    .flag(inPath ? 19 : 20, value["uniqueItems"]);
  return new Message().message(1, new Message().message(2, new Message().message(inPath ? 4 : 3, sub)));
}

function schema(value: JsonObject): Message {
  const { items, properties, additionalProperties, type } = value;
  const additional =
    additionalProperties === undefined
      ? undefined
      : isObject(additionalProperties)
        ? new Message().message(1, schema(additionalProperties))
        : new Message().flag(2, additionalProperties);
  return new Message()
    .text(1, value["$ref"])
    .text(2, value["format"])
    .text(3, value["title"])
    .text(4, value["description"])
    .message(5, value["default"] === undefined ? undefined : any(value["default"]))
    .double(7, value["maximum"])
    .flag(8, value["exclusiveMaximum"])
    .double(9, value["minimum"])
    .flag(10, value["exclusiveMinimum"])
    .whole(11, value["maxLength"])
    .whole(12, value["minLength"])
    .text(13, value["pattern"])
    .whole(14, value["maxItems"])
    .whole(15, value["minItems"])
    .flag(16, value["uniqueItems"])
    .whole(17, value["maxProperties"])
    .whole(18, value["minProperties"])
    .texts(19, arrayAt(value, "required"))
    .messages(20, arrayAt(value, "enum").map(any))
    .message(21, additional)
    .message(22, typeof type === "string" ? new Message().texts(1, [type]) : undefined)
    .message(23, isObject(items) ? new Message().message(1, schema(items)) : undefined)
    .messages(24, arrayAt(value, "allOf").filter(isObject).map(schema))
    .message(25, isObject(properties) ? new Message().messages(1, named(properties, schema)) : undefined)
    .messages(31, extensions(value));
}
