import { deepEqual, equal, match, notDeepEqual, ok } from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { type Server, createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { parse } from "yaml";
import { type ProxyUnderTest, route, startProxy } from "../../src/proxy/testing/proxy-under-test.ts";
import { type LlhttpCase, readLlhttpCases } from "./llhttp-cases.ts";
import { differentRequests, differentResponses, forwardedDesyncs, refusedCompliants } from "./http-readers-differences.ts";

const SHARED = join(import.meta.dirname, "../../../shared/corpora");
const DESYNC = join(SHARED, "http-desync");
const LLHTTP = join(SHARED, "llhttp");

interface DesyncCase {
  readonly name: string;
  readonly uri: string;
  readonly method: string;
  readonly version: string;
  readonly headers?: readonly { readonly name: string; readonly value: string | number }[];
  readonly expected: { readonly tier: string; readonly reason?: string };
}

/** The bytes of a case, with a Host where it has none: that alone would have it refused. */
function bytesOf({ method, uri, version, headers = [] }: DesyncCase): string {
  const hasHost = headers.some(({ name }) => /^host\s*$/i.test(name));
  const lines = headers.map(({ name, value }) => `${name}: ${value}\r\n`).join("");
  const text = `${method} ${uri}${version === "" ? "" : ` ${version}`}\r\n${hasHost ? "" : "Host: a\r\n"}${lines}\r\n`;
  return /[^\x00-\xff]/.test(text) ? Buffer.from(text).toString("latin1") : text;
}

function withHost(input: string): string {
  if (/^host:/im.test(input)) return input;
  return input.replaceAll(/(\S+)( HTTP\/1\.1\r\n)/g, (line, target: string) => {
    const host = /^https?:\/\/([^/?]*)/.exec(target)?.[1] ?? "a";
    return `${line}Host: ${host}\r\n`;
  });
}

/** A server that reads with llhttp, and what it read. */
class ReadingServer {
  readonly read: string[] = [];
  readonly heads: string[] = [];
  readonly #server: Server;
  port = 0;

  constructor() {
    this.#server = createServer((request, response) => {
      this.heads.push(`${request.method ?? ""} ${request.rawHeaders.join("|")}`);
      let body = "";
      request.setEncoding("latin1");
      request.on("data", (data: string) => {
        body += data;
      });
      request.on("error", () => {});
      request.on("end", () => {
        this.read.push(`${request.method ?? ""} ${request.url ?? ""} ${JSON.stringify(body)}`);
        response.end("ok");
      });
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** Sends the bytes, ends, and returns what a reader behind the proxy made of them. */
async function throughProxy(under: ProxyUnderTest, server: ReadingServer, bytes: string): Promise<string[]> {
  server.read.length = 0;
  server.heads.length = 0;
  const client = under.client().send(bytes);
  client.socket.end();
  await client.ended();
  client.close();
  return [...server.read];
}

/** What a client that reads with llhttp gets for these bytes of an endpoint: status and body, or `broken`. */
async function answerThroughProxy(under: ProxyUnderTest, bytes: string): Promise<string> {
  under.server.onData = (connection) => {
    if (connection.takeRequest() === undefined) return;
    connection.send(bytes);
    connection.socket.end();
  };
  return new Promise((resolve) => {
    const request = httpRequest({ host: "127.0.0.1", port: under.port, agent: false }, (response) => {
      let body = "";
      response.setEncoding("latin1");
      response.on("data", (data: string) => {
        body += data;
      });
      response.on("error", () => resolve("broken"));
      response.on("end", () => resolve(answerText(response.statusCode ?? 0, body)));
    });
    request.on("upgrade", (response, socket) => {
      socket.destroy();
      resolve(answerText(response.statusCode ?? 0, ""));
    });
    request.on("error", () => resolve("broken"));
    request.end();
  });
}

function expectedAnswer({ input, messages, rest, error }: LlhttpCase): string {
  const whole = messages.find(({ status }) => status >= 200);
  if (whole !== undefined) return answerText(whole.status, whole.body);
  if (rest === undefined || rest.status < 200) return answerText(502, "");
  // Its head is out when the fault comes, or the end that is too early.
  const isFramed = /^(?:content-length|transfer-encoding):/im.test(input);
  return error !== "" || isFramed ? "broken" : answerText(rest.status, rest.body);
}

/** llhttp's logs show bodies without their line ends. What the proxy itself says of a failure is left out. */
function answerText(status: number, body: string): string {
  return `${status} ${/\((?:PROXY|WIRE)_\w+\)\n$/.test(body) ? "" : body.replaceAll(/[\r\n]/g, "")}`;
}

function compare<Value>(name: string, difference: string | undefined, read: () => Promise<Value>, expected: Value): void {
  if (difference === undefined) it(`agrees on ${name}`, async () => deepEqual(await read(), expected));
  else it(`differs on ${name}: ${difference}`, async () => notDeepEqual(await read(), expected));
}

if (!existsSync(DESYNC) || !existsSync(LLHTTP)) {
  console.log(`not run: ${SHARED} is absent`);
  it("finds the corpora where they must be there", () => equal(process.env["CI"] === "true", false));
} else {
  describe("requests and answers that readers may take differently", () => {
    const server = new ReadingServer();
    let under: ProxyUnderTest;
    before(async () => {
      await server.listen();
      under = await startProxy();
    });
    after(async () => {
      await under.close();
      server.close();
    });
    const toReader = (): void => under.routes([route({ type: "network", address: `http://127.0.0.1:${server.port}` })]);
    const toRaw = (): void => under.routes([route({ type: "network", address: `http://127.0.0.1:${under.server.port}` })]);

    const desyncs = globSync("*.yaml", { cwd: DESYNC })
      .toSorted()
      .flatMap((file) =>
        (parse(readFileSync(join(DESYNC, file), "utf8")) as DesyncCase[]).map((one, at) => ({
          ...one,
          key: `${file.slice(0, -5)}#${at + 1}`,
        })),
      );
    it("has all the desync cases", () => ok(desyncs.length >= 100, `${desyncs.length} cases`));
    for (const one of desyncs) {
      const { tier } = one.expected;
      const title = `${one.key} (${tier}): ${JSON.stringify(one.name)}`;
      const forwarded = async (): Promise<number> => {
        toReader();
        const head = bytesOf(one);
        const length = Number(/^content-length: *(\d+) *\r$/im.exec(head)?.[1] ?? 0);
        const isChunked = /^transfer-encoding: *chunked *\r$/im.test(head);
        return (await throughProxy(under, server, head + (isChunked ? "0\r\n\r\n" : "x".repeat(length)))).length;
      };
      const isStrict = tier === "Ambiguous" || tier === "Severe";
      const reason = isStrict ? forwardedDesyncs[one.key] : refusedCompliants[one.key];
      if (isStrict && reason === undefined) it(`refuses ${title}`, async () => equal(await forwarded(), 0));
      else if (isStrict) {
        it(`forwards ${title}: ${reason}`, async () => {
          equal(await forwarded(), 1);
          if (/^(GET|HEAD)$/.test(one.method)) match(server.heads[0] ?? "", /Connection\|close/);
        });
      } else if (reason === undefined) it(`forwards ${title}`, async () => equal(await forwarded(), 1));
      else it(`refuses ${title}: ${reason}`, async () => equal(await forwarded(), 0));
    }

    for (const file of globSync("*.md", { cwd: join(LLHTTP, "request") }).toSorted()) {
      for (const one of readLlhttpCases(join(LLHTTP, "request", file), "request")) {
        const read = (): Promise<string[]> => {
          toReader();
          return throughProxy(under, server, withHost(one.input));
        };
        const expected = one.messages.map(({ method, url, body }) => `${method} ${url} ${JSON.stringify(body)}`);
        compare(`request ${one.name}`, differentRequests[one.name], read, expected);
      }
    }
    for (const file of globSync("*.md", { cwd: join(LLHTTP, "response") }).toSorted()) {
      for (const one of readLlhttpCases(join(LLHTTP, "response", file), "response")) {
        const read = (): Promise<string> => {
          toRaw();
          return answerThroughProxy(under, one.input);
        };
        compare(`response ${one.name}`, differentResponses[one.name], read, expectedAnswer(one));
      }
    }
  });
}
