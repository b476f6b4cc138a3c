import { once } from "node:events";
import { type IncomingMessage, type RequestListener, createServer } from "node:http";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";

/** A request that a {@link LocalServer} got. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** An HTTP server of the test on 127.0.0.1. */
export interface LocalServer {
  readonly url: string;
  readonly port: number;
  readonly seen: Seen[];
  /** Closes it and its connections; it does so by itself when the test ends. */
  stop(): Promise<void>;
}

export type Respond = (seen: Seen, response: Parameters<RequestListener>[1]) => void;

/** Starts one; what `respond` throws is a 500 that says so. `port`: where it was before. */
export async function startServer(t: TestContext, respond: Respond, port = 0): Promise<LocalServer> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    void text(request).then(
      (body) => {
        const one = { method: request.method ?? "", path: request.url ?? "", headers: request.headers, body };
        seen.push(one);
        try {
          respond(one, response);
        } catch (thrown) {
          response.writeHead(500).end(String(thrown));
        }
      },
      () => response.destroy(),
    );
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : 0;
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  };
  t.after(stop);
  return { url: `http://127.0.0.1:${bound}`, port: bound, seen, stop };
}
