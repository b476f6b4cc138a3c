import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

interface Written {
  readonly name: string;
  readonly uri: string;
  readonly method: string;
  readonly version: string;
  readonly headers?: readonly { readonly name: string; readonly value: string | number }[];
  readonly expected: { readonly tier: string; readonly reason?: string };
}

/** One case of http-desync-guardian. */
export interface DesyncCase {
  /** File and number, from 1. */
  readonly key: string;
  readonly name: string;
  readonly method: string;
  /** Compliant, Acceptable, Ambiguous or Severe. */
  readonly tier: string;
  /** The head, and as much of a body as a plain reading of it announces. */
  readonly bytes: string;
}

export function readDesyncCases(folder: string): DesyncCase[] {
  return globSync("*.yaml", { cwd: folder })
    .toSorted()
    .flatMap((file) =>
      (parse(readFileSync(join(folder, file), "utf8")) as Written[]).map((one, at) => ({
        key: `${file.slice(0, -5)}#${at + 1}`,
        name: one.name,
        method: one.method,
        tier: one.expected.tier,
        bytes: bytesOf(one),
      })),
    );
}

/** With a Host where there is none: its absence alone would have the request refused. */
function bytesOf({ method, uri, version, headers = [] }: Written): string {
  const hasHost = headers.some(({ name }) => /^host\s*$/i.test(name));
  const lines = headers.map(({ name, value }) => `${name}: ${value}\r\n`).join("");
  const text = `${method} ${uri}${version === "" ? "" : ` ${version}`}\r\n${hasHost ? "" : "Host: a\r\n"}${lines}\r\n`;
  const head = /[^\x00-\xff]/.test(text) ? Buffer.from(text).toString("latin1") : text;
  const length = Number(/^content-length: *(\d+) *\r$/im.exec(head)?.[1] ?? 0);
  const isChunked = /^transfer-encoding: *chunked *\r$/im.test(head);
  return head + (isChunked ? "0\r\n\r\n" : "x".repeat(length));
}
