import { type ServerHttp2Session, type ServerHttp2Stream, type ServerOptions, type IncomingHttpHeaders, createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { type Clock, systemClock } from "../../kernel/index.ts";
import type { ManualClock } from "../../kernel/testing/manual-clock.ts";
import type { ProxyOptionsInput } from "../index.ts";
import { type ProxyUnderTest, route, startProxy } from "./proxy-under-test.ts";

export type OnStream = (stream: ServerHttp2Stream, headers: Record<string, unknown>) => void;

export interface EndpointUnderTest {
  readonly port: number;
  readonly sessions: ServerHttp2Session[];
  readonly requests: Record<string, unknown>[];
}

/** An endpoint that speaks HTTP/2, without TLS where no server is given. */
export async function http2Endpoint(
  t: TestContext,
  onStream: OnStream,
  options: ServerOptions = {},
  server = createServer(options),
): Promise<EndpointUnderTest> {
  const sessions: ServerHttp2Session[] = [];
  const requests: Record<string, unknown>[] = [];
  server.on("session", (session: ServerHttp2Session) => {
    sessions.push(session);
    session.on("error", () => {});
  });
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    requests.push({ ...headers });
    stream.on("error", () => {});
    onStream(stream, headers);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  t.after(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, sessions, requests };
}

/** A proxy whose one route leads to these endpoints. */
export async function inFrontOf(
  t: TestContext,
  addresses: readonly string[],
  options: ProxyOptionsInput = {},
  clock: Clock | ManualClock = systemClock,
): Promise<ProxyUnderTest> {
  const under = await startProxy(options, clock);
  t.after(() => under.close());
  const [only, ...more] = addresses;
  under.routes([
    route(
      more.length === 0
        ? { type: "network", address: only as string }
        : { type: "loadBalanced", algorithm: "roundRobin", endpoints: addresses },
    ),
  ]);
  return under;
}

/** A request on a connection of its own. */
export function get(path = "/", fields = ""): string {
  return `GET ${path} HTTP/1.1\r\nHost: example.org\r\n${fields}Connection: close\r\n\r\n`;
}

export const answerOk: OnStream = (stream) => {
  stream.respond({ ":status": 200, "content-length": 2 });
  stream.end("ok");
};
