import type { IncomingMessage } from "node:http";
import { parse as parseYaml } from "yaml";
import { messageOf } from "../../kernel/index.ts";
import { type Json, parseJson } from "./json.ts";
import { KUBERNETES_PROTOBUF, type ProtobufDecoder } from "./protobuf-body.ts";
import { StatusError, badRequest, entityTooLarge, unsupportedMediaType } from "./status.ts";

/** Reads a body whole, up to `limitBytes`. Throws 413. */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limitBytes) throw entityTooLarge(limitBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The media type of a request, without parameters. */
export function mediaTypeOf(request: IncomingMessage): string {
  return (request.headers["content-type"] ?? "application/json").split(";")[0]?.trim().toLowerCase() ?? "";
}

const YAML = new Set(["application/yaml", "application/apply-patch+yaml"]);
const JSON_TYPES = new Set([
  "application/json",
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
]);

/** Parses a body; undefined for an empty one. Throws 400 and 415. */
export function parseBody(bytes: Buffer, mediaType: string, decodeProtobuf: ProtobufDecoder): Json | undefined {
  if (bytes.length === 0) return undefined;
  if (!YAML.has(mediaType) && !JSON_TYPES.has(mediaType) && mediaType !== KUBERNETES_PROTOBUF)
    throw unsupportedMediaType([...JSON_TYPES, ...YAML, KUBERNETES_PROTOBUF]);
  try {
    if (mediaType === KUBERNETES_PROTOBUF) return decodeProtobuf(bytes);
    const text = bytes.toString("utf8");
    if (YAML.has(mediaType) && !text.trimStart().startsWith("{"))
      return parseJson(JSON.stringify(parseYaml(text, { maxAliasCount: 100 }) ?? null));
    return parseJson(text);
  } catch (error) {
    if (error instanceof StatusError) throw error;
    throw badRequest(`the body of the request cannot be read as ${mediaType}: ${messageOf(error)}`);
  }
}
