import { equal, match } from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type ProxyUnderTest, startProxy } from "../../src/proxy/testing/proxy-under-test.ts";
import { RawClient } from "../../src/proxy/testing/raw-peers.ts";
import { OK, ScriptedBackEnd, check } from "./rfc-kit.ts";

/** Types of frames (RFC 9113 section 6). */
export const Type = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
export const END_STREAM = 1;
export const END_HEADERS = 4;
const ACK = 1;

/** Fields in their order, `name: value` each. */
export type Fields = readonly (readonly [name: string, value: string])[];

export const GET: Fields = [
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/"],
  [":authority", "a"],
];

/** What a client sends on stream 1, what of it reaches the back end as HTTP/1.1, and how the stream ends. */
export interface Http2Case {
  readonly asks: string;
  /** Frames as latin1. */
  readonly frames: string;
  readonly forwarded: string | RegExp;
  /** The content of the answer, `RESET n` or `GOAWAY n`; unless it is the last, the connection has to serve another stream. */
  readonly answered: string | RegExp;
  readonly answers?: readonly string[];
}

/** RFC 9113 section 4.1. */
export function frame(type: number, flags: number, stream: number, payload = ""): string {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return head.toString("latin1") + payload;
}

/** A field block without the dynamic table and Huffman coding (RFC 7541 section 6.2.2). */
export function block(fields: Fields): string {
  return fields.map(([name, value]) => `\0${text(name)}${text(value)}`).join("");
}

function text(value: string): string {
  let length = "";
  let left = value.length - 127;
  if (left < 0) return String.fromCharCode(value.length) + value;
  for (; left >= 128; left = Math.floor(left / 128)) length += String.fromCharCode((left % 128) + 128);
  return `\x7f${length}${String.fromCharCode(left)}${value}`;
}

/** A head, with which the stream ends unless something follows. */
export function headers(fields: Fields, flags = END_STREAM, stream = 1): string {
  return frame(Type.headers, flags | END_HEADERS, stream, block(fields));
}

export function data(content: string, flags = END_STREAM): string {
  return frame(Type.data, flags, 1, content);
}

export function http2Cases(title: string, cases: readonly Http2Case[]): void {
  describe(title, () => {
    let under: ProxyUnderTest | undefined;
    let port = 0;
    before(async () => {
      under = await startProxy();
      ({ port } = await under.proxy.listen({ host: "127.0.0.1", port: 0, http2: true }));
    });
    after(() => under?.close());
    for (const one of cases) it(one.asks, { timeout: 30_000 }, () => runCase(under as ProxyUnderTest, port, one));
  });
}

async function runCase(under: ProxyUnderTest, port: number, one: Http2Case): Promise<void> {
  const backEnd = new ScriptedBackEnd(under, one);
  const client = new RawClient(port);
  try {
    client.send(`PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${frame(Type.settings, 0, 0)}${frame(Type.settings, ACK, 0)}${one.frames}`);
    const outcome = await endOf(client, 1);
    if (typeof one.answered === "string") equal(outcome, one.answered);
    else match(outcome, one.answered);
    if (!outcome.startsWith("GOAWAY")) {
      client.send(headers([...GET.slice(0, 2), [":path", "/next"], [":authority", "next"]], END_STREAM, 101));
      equal(await endOf(client, 101), "next");
    }
  } finally {
    client.close();
  }
  check(backEnd.received, one.forwarded);
}

/** How the stream, or the connection with it, came to its end. */
async function endOf(client: RawClient, stream: number): Promise<string> {
  for (let seen = -1; ;) {
    const outcome = outcomeIn(Buffer.from(client.received, "latin1"), stream);
    if (outcome !== undefined) return outcome;
    if (client.isClosed || client.hasEnded) return "closed";
    seen = client.received.length;
    await client.until(new RegExp(`^[^]{${seen + 1}}`)).catch(() => {});
  }
}

function outcomeIn(bytes: Buffer, wanted: number): string | undefined {
  let content = "";
  for (let at = 0; at + 9 <= bytes.length;) {
    const length = bytes.readUIntBE(at, 3);
    const [type, flags] = [bytes[at + 3], bytes[at + 4] as number];
    const stream = bytes.readUInt32BE(at + 5);
    const payload = bytes.subarray(at + 9, at + 9 + length);
    if (payload.length < length) return undefined;
    if (type === Type.goaway) return `GOAWAY ${payload.readUInt32BE(4)}`;
    if (stream === wanted) {
      if (type === Type.reset) return `RESET ${payload.readUInt32BE(0)}`;
      if (type === Type.data) content += payload.toString("latin1");
      if ((type === Type.data || type === Type.headers) && (flags & END_STREAM) !== 0) return content;
    }
    at += 9 + length;
  }
  return undefined;
}

/** The answer to what is forwarded, and what it says. */
export const ANSWERED = { answers: [OK], answered: "ok" } as const;
