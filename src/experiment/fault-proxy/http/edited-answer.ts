import type { IncomingMessage } from "node:http";
import type { HttpFault } from "./rule.ts";

const MOST_EDITED_BYTES = 64 * 1024 * 1024;

/** What is edited has to be readable: not packed, and of Kubernetes not protobuf. */
export function isEdited(fault: HttpFault | undefined): boolean {
  return fault !== undefined && ["truncate", "empty_list", "partial_list", "watch"].includes(fault.type);
}

export function plainAnswer(request: IncomingMessage): Readonly<Record<string, string>> {
  const { accept } = request.headers;
  if (accept?.includes("protobuf") !== true) return { "accept-encoding": "" };
  const readable = accept.split(",").filter((type) => !type.includes("protobuf"));
  return { "accept-encoding": "", accept: readable.length === 0 ? "application/json" : readable.join(",") };
}

/** Undefined when it is too long to be edited. */
export async function wholeBody(answer: IncomingMessage): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > MOST_EDITED_BYTES) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** The fields of an answer whose body is of this length now. */
export function withLength(rawHeaders: readonly string[], length: number): string[] {
  const headers: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? "";
    if (!/^(content-length|transfer-encoding)$/i.test(name)) headers.push(name, rawHeaders[at + 1] ?? "");
  }
  return [...headers, "content-length", String(length)];
}
