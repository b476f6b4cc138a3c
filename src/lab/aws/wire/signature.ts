import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { AwsError } from "./aws-error.ts";

/** A key that requests may be signed with. */
export interface AccessKey {
  readonly id: string;
  readonly secret: string;
  /** Of temporary credentials: what must be sent with it. */
  readonly sessionToken?: string;
  /** Unix milliseconds; after it requests are refused. */
  readonly expiresAtMs?: number;
  /** Who signs so: `arn:aws:iam::123456789012:user/lab`. */
  readonly principal: string;
}

/** A request as it was received. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

/** Who signed, and for what. */
export interface Signer {
  readonly key: AccessKey;
  readonly region: string;
  /** The service in the scope: `elasticloadbalancing`. */
  readonly service: string;
}

const ALGORITHM = "AWS4-HMAC-SHA256";
/** How far the clock of a signer may be off. */
const SKEW_MS = 5 * 60_000;

/** The service and region that a request says it is signed for, before anything is proved; undefined when it is not signed. */
export function scopeOf(authorization: string | undefined): Pick<Signer, "region" | "service"> | undefined {
  const scope = /Credential=[^/,\s]+\/\d{8}\/([^/,\s]+)\/([^/,\s]+)\/aws4_request/.exec(authorization ?? "");
  return scope?.[1] === undefined || scope[2] === undefined ? undefined : { region: scope[1], service: scope[2] };
}

/**
 * Checks the signature in the Authorization header (IAM user guide, "Create a signed AWS API request"). Throws AwsError with the codes of the
 * Query protocol (`MissingAuthenticationToken`, `IncompleteSignature`, `InvalidClientTokenId`, `ExpiredToken`, `SignatureDoesNotMatch`).
 */
export function checkSignature(request: SignedRequest, keys: (id: string) => AccessKey | undefined, nowMs: number): Signer {
  const { headers } = request;
  const authorization = headers.get("authorization");
  if (authorization === undefined) throw new AwsError("MissingAuthenticationToken", "Missing Authentication Token", 403);
  const parts =
    /^AWS4-HMAC-SHA256 +Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/aws4_request, *SignedHeaders=([a-z0-9;-]+), *Signature=([0-9a-f]{64})$/.exec(
      authorization,
    );
  const [, id = "", day = "", region = "", service = "", names = "", signature = ""] = parts ?? [];
  if (parts === null) throw new AwsError("IncompleteSignature", `Authorization header is not one of ${ALGORITHM}`, 403);
  const time = headers.get("x-amz-date") ?? "";
  checkTime(time, day, nowMs);
  const key = keys(id);
  if (key === undefined) throw new AwsError("InvalidClientTokenId", "The security token included in the request is invalid.", 403);
  if ((headers.get("x-amz-security-token") ?? undefined) !== key.sessionToken)
    throw new AwsError("InvalidClientTokenId", "The security token included in the request is invalid.", 403);
  if (key.expiresAtMs !== undefined && key.expiresAtMs <= nowMs)
    throw new AwsError("ExpiredToken", "The security token included in the request is expired", 403);
  if (!names.split(";").includes("host")) throw new AwsError("SignatureDoesNotMatch", "Host is not among the signed headers.", 403);
  const canonical = canonicalRequest(request, names);
  const scope = `${day}/${region}/${service}/aws4_request`;
  const wanted = hmac(signingKey(key.secret, day, region, service), [ALGORITHM, time, scope, sha256(canonical)].join("\n"));
  if (!timingSafeEqual(wanted, Buffer.from(signature, "hex"))) {
    const why =
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.";
    throw new AwsError("SignatureDoesNotMatch", why, 403);
  }
  return { key, region, service };
}

function checkTime(time: string, day: string, nowMs: number): void {
  const [, year, month, date, hour, minute, second] = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(time) ?? [];
  const atMs = Date.parse(`${year}-${month}-${date}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(atMs)) throw new AwsError("IncompleteSignature", "X-Amz-Date must be a time such as 20260101T120000Z", 403);
  if (!time.startsWith(day))
    throw new AwsError(
      "SignatureDoesNotMatch",
      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP",
      403,
    );
  if (nowMs - atMs > SKEW_MS) {
    const why = `Signature expired: ${time} is now earlier than ${stamp(nowMs - SKEW_MS)} (${stamp(nowMs)} - 5 min.)`;
    throw new AwsError("SignatureDoesNotMatch", why, 403);
  }
  if (atMs - nowMs > SKEW_MS) {
    const why = `Signature not yet current: ${time} is still later than ${stamp(nowMs + SKEW_MS)} (${stamp(nowMs)} + 5 min.)`;
    throw new AwsError("SignatureDoesNotMatch", why, 403);
  }
}

function stamp(ms: number): string {
  return new Date(ms).toISOString().replaceAll(/[-:]|\.\d+/g, "");
}

function canonicalRequest({ method, target, headers, body }: SignedRequest, names: string): string {
  const [path, query] = split(target, "?");
  const signed = names
    .split(";")
    .map((name) => `${name}:${(headers.get(name) ?? "").trim().replaceAll(/ +/g, " ")}\n`)
    .join("");
  const parameters = [...new URLSearchParams(query)]
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .toSorted(([oneName, oneValue], [otherName, otherValue]) => order(oneName, otherName) || order(oneValue, otherValue))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
  return [method, path, parameters, signed, names, sha256(body)].join("\n");
}

function order(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

function split(text: string, at: string): [string, string] {
  const place = text.indexOf(at);
  return place < 0 ? [text, ""] : [text.slice(0, place), text.slice(place + 1)];
}

/** RFC 3986's unreserved characters stand as they are, all others in percent. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function signingKey(secret: string, day: string, region: string, service: string): Buffer {
  return [day, region, service, "aws4_request"].reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(`AWS4${secret}`));
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
