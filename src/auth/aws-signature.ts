import { createHash, createHmac } from "node:crypto";

/** Who signs, and for what (AWS Signature Version 4, "Create a signed AWS API request"). */
export interface AwsScope {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly service: string;
  readonly region: string;
}

/** What of a request is signed. */
export interface AwsRequest {
  readonly method: string;
  /** As the canonical request has it: `canonicalPath`. */
  readonly path: string;
  /** `canonicalQuery`. */
  readonly query: string;
  /** Flat; each of these field lines is signed, Host among them. */
  readonly fields: readonly string[];
  readonly payloadSha256: string;
  readonly atMs: number;
}

const ALGORITHM = "AWS4-HMAC-SHA256";

/** The value of Authorization. */
export function signAws({ accessKeyId, secretAccessKey, service, region }: AwsScope, request: AwsRequest): string {
  const time = awsTime(request.atMs);
  const day = time.slice(0, 8);
  const scope = `${day}/${region}/${service}/aws4_request`;
  const fields = canonicalFields(request.fields);
  const signedFields = fields.map(([name]) => name).join(";");
  const lines = fields.map(([name, value]) => `${name}:${value}\n`).join("");
  const canonical = [request.method, request.path, request.query, lines, signedFields, request.payloadSha256].join("\n");
  const key = [day, region, service, "aws4_request"].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  const signature = Buffer.from(hmac(key, [ALGORITHM, time, scope, sha256(canonical)].join("\n"))).toString("hex");
  return `${ALGORITHM} Credential=${accessKeyId}/${scope}, SignedHeaders=${signedFields}, Signature=${signature}`;
}

/** `20150830T123600Z`. */
export function awsTime(atMs: number): string {
  return new Date(atMs).toISOString().replaceAll(/[-:]|\.\d+/g, "");
}

/** A path encoded in the one way that signatures know; it means the same. As S3 signs it. */
export function canonicalPath(path: string): string {
  return path.split("/").map(encodeAnew).join("/");
}

/** A canonical path with each of its parts encoded once more, as all services but S3 sign it. */
export function encodedTwice(path: string): string {
  return path.split("/").map(encode).join("/");
}

/** A query with its parameters in order and encoded in the one way that signatures know; it means the same. */
export function canonicalQuery(query: string): string {
  return [...new URLSearchParams(query)]
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .toSorted(([name, value], [otherName, otherValue]) => compare(name, otherName) || compare(value, otherValue))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** Names in lower case and in order, values of one name in the order of their lines. */
function canonicalFields(flat: readonly string[]): readonly (readonly [name: string, value: string])[] {
  const values = new Map<string, string[]>();
  for (let at = 0; at < flat.length; at += 2) {
    const name = (flat[at] as string).toLowerCase();
    const value = (flat[at + 1] as string).trim().replaceAll(/ +/g, " ");
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  return [...values].map(([name, all]) => [name, all.join(",")] as const).toSorted(([name], [other]) => compare(name, other));
}

/** Everything but the unreserved characters of RFC 3986. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll(/[!'()*]/g, (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** What is no UTF-8 stays as it is. */
function encodeAnew(text: string): string {
  try {
    return encode(decodeURIComponent(text));
  } catch {
    return text;
  }
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac("sha256", key).update(data).digest();
}
