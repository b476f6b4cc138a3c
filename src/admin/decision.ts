import type { IncomingMessage } from "node:http";

import { AppError } from "../kernel/index.ts";
import type { HoldDecision } from "./held.ts";

const LIMIT_BYTES = 16_384;
const LIMIT_TEXT = 500;
const LONGEST_TTL_SECONDS = 24 * 60 * 60;
const DEFAULT_TTL_SECONDS = 60 * 60;

/**
 * Reads the body of `POST /held/ID/approve|reject`: `{"principal": who, "reason": why, "ttlSeconds": how long it stands}`.
 * Rejects with AppError `ADMIN_REQUEST` and says what is missing.
 */
export async function readDecision(request: IncomingMessage, id: string, verb: "approve" | "reject"): Promise<HoldDecision> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const piece = chunk as Buffer;
    bytes += piece.length;
    if (bytes > LIMIT_BYTES) throw bad(`the body is larger than ${LIMIT_BYTES} bytes`);
    chunks.push(piece);
  }
  let body: unknown;
  try {
    body = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw bad('the body is not JSON; send {"principal": "who", "reason": "why", "ttlSeconds": 3600}');
  }
  if (typeof body !== "object" || body === null) throw bad("the body is not a JSON object");
  const fields = new Map<string, unknown>(Object.entries(body));
  const ttlSeconds = fields.get("ttlSeconds") ?? DEFAULT_TTL_SECONDS;
  if (typeof ttlSeconds !== "number" || !(ttlSeconds > 0 && ttlSeconds <= LONGEST_TTL_SECONDS))
    throw bad(`ttlSeconds must be a number above 0 and at most ${LONGEST_TTL_SECONDS}`);
  return { id, verb, principal: textOf(fields, "principal"), reason: textOf(fields, "reason"), ttlSeconds };
}

function textOf(fields: ReadonlyMap<string, unknown>, name: string): string {
  const value = fields.get(name);
  if (typeof value !== "string" || value.trim() === "") throw bad(`${name} is missing: a decision needs a name and a reason`);
  // A line feed or control character would forge lines in the audit trail.
  if (value.length > LIMIT_TEXT || /[\u0000-\u001f\u007f]/.test(value))
    throw bad(`${name} must be one line of at most ${LIMIT_TEXT} characters`);
  return value;
}

function bad(message: string): AppError {
  return new AppError("ADMIN_REQUEST", message);
}
