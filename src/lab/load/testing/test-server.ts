import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { seededRandom, systemClock } from "../../../kernel/index.ts";
import { parseLoadTarget } from "../config.ts";
import { OpenLoop, type OpenLoopState } from "../open-loop.ts";

/** An HTTP server on a free port that ends with its test. */
export async function startServer(t: TestContext, answer: RequestListener): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer({ keepAliveTimeout: 60_000 }, answer);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  t.after(close);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

/** Answers as the demo application `name` does. */
export function application(name: string): RequestListener {
  return (_, response) => {
    response.writeHead(200, { "x-app": name }).end(JSON.stringify({ application: name }));
  };
}

/** An open loop of 200 requests a second to `url`, expecting `shop`. */
export function newLoop(url: string, options: object = {}): OpenLoop {
  const config = parseLoadTarget(
    { policy: "test", urls: [url], hosts: [{ host: "shop.example", application: "shop" }], ratePerSecond: 200, ...options },
    "",
  );
  return new OpenLoop(config, { clock: systemClock, random: seededRandom(5) });
}

/** Runs `loop` until `isEnough` of what it has seen, then stops it and says what it saw in all. */
export async function runUntil(loop: OpenLoop, isEnough: (state: OpenLoopState) => boolean): Promise<OpenLoopState> {
  loop.start();
  while (!isEnough(loop.state())) {
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
  await loop.stop();
  return loop.state();
}
