import { equal, match } from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import { until } from "../../src/kernel/testing/until.ts";
import { reasonPhrases, type WireFault, wireFaults } from "../../src/wire/index.ts";
import { type ProxyFailure, failures } from "../../src/proxy/failure.ts";
import type { ProxyOptionsInput } from "../../src/proxy/index.ts";
import { DATE, withDateMade } from "../../src/proxy/testing/made-date.ts";
import { type ProxyUnderTest, startProxy } from "../../src/proxy/testing/proxy-under-test.ts";
import type { RawClient, RawConnection } from "../../src/proxy/testing/raw-peers.ts";

/** What a client sends on one connection, what of it reaches the back end, and what the client gets: all of it to the byte. */
export interface RfcCase {
  /** The section and what it asks for. */
  readonly asks: string;
  readonly request: string;
  /** What the back end gets, {@link FORWARDED} for the lines about the client; empty: not a byte. */
  readonly forwarded: string | RegExp;
  /** What the back end says to each whole request in turn; {@link OK} to those behind. */
  readonly answers?: readonly string[];
  /** The back end says it as soon as it has the head. */
  readonly isEarly?: true;
  /** The back end ends its connection behind its first answer. */
  readonly ends?: true;
  /** With `Connection: close` in it, or where `isLast` says so, nothing comes behind it; else the connection has to serve another request. */
  readonly answered: string | RegExp;
  readonly isLast?: true;
}

/** Stands for the X-Forwarded lines in what the back end gets. */
export const FORWARDED = "<X-Forwarded>\r\n";
export const OK = "HTTP/1.1 200 OK\r\nDate: then\r\nContent-Length: 2\r\n\r\nok";

const X_FORWARDED =
  /X-Forwarded-For: 127\.0\.0\.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: \d+\r\n(?:X-Forwarded-Host: [^\r]*\r\n)?/g;
const NEXT = "GET /next HTTP/1.1\r\nHost: next\r\n";
const IS_NEXT = /^GET \/next /;
const NEXT_ANSWER = "HTTP/1.1 200 OK\r\nDate: then\r\nContent-Length: 4\r\n\r\nnext";

/** How the proxy says no. */
export function refusal(reason: WireFault | ProxyFailure, failure: ProxyFailure = "PROXY_REQUEST_MALFORMED", ends = true): string {
  const isFault = reason in wireFaults;
  const { status, text } = isFault ? failures[failure] : failures[reason as ProxyFailure];
  const code = isFault && status === 400 ? wireFaults[reason as WireFault].status : status;
  const phrase = reasonPhrases.get(code) ?? "";
  const body = `${code} ${phrase}: ${text} (${reason})\n`;
  const allow = code === 405 ? "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE\r\n" : "";
  const close = ends ? "Connection: close\r\n" : "";
  return (
    `HTTP/1.1 ${code} ${phrase}\r\n${DATE}Server: holdfast\r\nContent-Type: text/plain; charset=utf-8\r\n${allow}` +
    `Content-Length: ${body.length}\r\n${close}\r\n${body}`
  );
}

/** One test for each case: with its bytes in one piece, then one by one. */
export function rfcCases(title: string, cases: readonly RfcCase[], options: ProxyOptionsInput = {}): void {
  describe(title, () => {
    let under: ProxyUnderTest | undefined;
    before(async () => {
      under = await startProxy(options);
    });
    after(() => under?.close());
    for (const one of cases) {
      it(one.asks, { timeout: 30_000 }, async () => {
        for (const isSplit of [false, true]) await runCase(under as ProxyUnderTest, one, isSplit);
      });
    }
  });
}

async function runCase(under: ProxyUnderTest, one: RfcCase, isSplit: boolean): Promise<void> {
  const backEnd = new ScriptedBackEnd(under, one);
  const client = under.client();
  await send(client, one.request, isSplit);
  const { answered } = one;
  if (one.isLast === true || String(answered).includes("Connection: close")) {
    check(await client.ended(), answered);
  } else {
    await until(`an answer as long as ${String(answered)}`, () => isThere(plain(client.received), answered), 30_000, 2);
    check(client.received, answered);
    client.clear();
    client.send(`${NEXT}\r\n`);
    equal(await client.until("next"), NEXT_ANSWER);
  }
  client.close();
  check(backEnd.received, one.forwarded);
}

async function send(client: RawClient, request: string, isSplit: boolean): Promise<void> {
  if (!isSplit) {
    client.send(request);
    return;
  }
  for (const byte of request) {
    client.send(byte);
    await setImmediate();
  }
}

function isThere(bytes: string, expected: string | RegExp): boolean {
  return typeof expected === "string" ? bytes.length >= expected.length : expected.test(bytes);
}

export function check(bytes: string, expected: string | RegExp): void {
  if (typeof expected === "string") equal(plain(bytes), expected);
  else match(plain(bytes), expected);
}

function plain(bytes: string): string {
  return withDateMade(bytes).replaceAll(X_FORWARDED, FORWARDED);
}

/** What the back end does. */
type Script = Pick<RfcCase, "answers" | "isEarly" | "ends">;

/** A back end that reads as plainly as can be, and keeps what it gets. */
export class ScriptedBackEnd {
  received = "";
  readonly #case: Script;
  #answered = 0;

  constructor(under: ProxyUnderTest, one: Script) {
    this.#case = one;
    for (const connection of under.server.connections) connection.received = "";
    under.server.onData = (connection) => this.#take(connection);
  }

  #take(connection: RawConnection): void {
    for (let end = wholeRequest(connection.received, this.#case.isEarly === true); end > 0;) {
      const request = connection.received.slice(0, end);
      connection.received = connection.received.slice(end);
      if (IS_NEXT.test(request)) {
        connection.send(NEXT_ANSWER);
        return;
      }
      this.received += request;
      connection.send(this.#case.answers?.[this.#answered++] ?? OK);
      if (this.#case.ends === true) connection.socket.end();
      end = wholeRequest(connection.received, this.#case.isEarly === true);
    }
  }
}

/** Where the first request ends; 0 while it has not come. */
function wholeRequest(bytes: string, isHeadEnough: boolean): number {
  const end = bytes.indexOf("\r\n\r\n") + 4;
  if (end < 4 || isHeadEnough) return end < 4 ? 0 : end;
  const head = bytes.slice(0, end);
  const length = Number(/^content-length: (\d+)\r$/im.exec(head)?.[1] ?? 0);
  if (!/^transfer-encoding: chunked\r$/im.test(head)) return bytes.length < end + length ? 0 : end + length;
  const chunks = /^(?:[1-9a-f][0-9a-f]*\r\n[^]*?\r\n)*?0\r\n(?:[^\r\n]+\r\n)*\r\n/.exec(bytes.slice(end));
  return chunks === null ? 0 : end + chunks[0].length;
}
