// The lab's demo application: answers every request with its own name, so that an answer from the wrong one is seen.
// Plain JavaScript on node:http alone, because nine of them boot at once on two slow cores.
import { createServer } from "node:http";

/** @param {string} name @param {number} fallback @param {number} max */
function integerFrom(name, fallback, max) {
  const text = process.env[name];
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > max) {
    process.stderr.write(`demo-app: ${name}=${text}: not a whole number from 0 to ${max}\n`);
    process.exit(2);
  }
  return value;
}

const application = process.env.APP_NAME ?? "demo-app";
const address = process.env.POD_IP ?? "127.0.0.1";
const port = integerFrom("PORT", 8080, 65535);
const delayMs = integerFrom("DELAY_MS", 0, 60_000);
const bootDelayMs = integerFrom("BOOT_DELAY_MS", 0, 60_000);
const drainMs = integerFrom("DRAIN_MS", 1000, 60_000);
const pod = process.env.POD_NAME ?? "";
const zone = process.env.NODE_ZONE ?? "";
let stopping = false;
let ready = bootDelayMs === 0;

const server = createServer((request, response) => {
  // A body is read to its end before the answer, so that the connection can be kept alive.
  request.resume();
  if (stopping) response.setHeader("connection", "close");
  const path = (request.url ?? "/").split("?", 1)[0];
  if (path === "/healthz" || path === "/readyz") {
    const good = ready && !stopping;
    response.writeHead(good ? 200 : 503, { "content-type": "text/plain" }).end(good ? "ok\n" : "not ready\n");
    return;
  }
  const answer = () => {
    const said = `${JSON.stringify({ application, pod, zone, host: request.headers.host ?? "", path: request.url })}\n`;
    // `?bytes=N` asks for a longer answer: what is wrong with large ones only has to be seen, too.
    const wanted = Number(/[?&]bytes=(\d{1,7})(?:&|$)/.exec(request.url ?? "")?.[1] ?? 0);
    const body = wanted > said.length ? said.padEnd(wanted) : said;
    response.writeHead(200, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      "x-app": application,
      "x-pod": pod,
    });
    response.end(request.method === "HEAD" ? undefined : body);
  };
  if (delayMs > 0) setTimeout(answer, delayMs);
  else answer();
});
// Longer than any proxy's idle time-out before it, so that it is never this side that closes a connection in use.
server.keepAliveTimeout = 120_000;
server.on("error", (error) => {
  process.stderr.write(`demo-app: cannot listen on ${address}:${port}: ${error.message}\n`);
  process.exit(1);
});
server.listen(port, address, () => process.stdout.write(`${application} listens on ${address}:${port}\n`));
if (bootDelayMs > 0) setTimeout(() => (ready = true), bootDelayMs);

/** Not ready at once; serves on for DRAIN_MS, each answer closing its connection; then finishes what is in flight. */
function stop() {
  if (stopping) process.exit(0);
  stopping = true;
  setTimeout(() => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  }, drainMs);
}
process.on("SIGTERM", stop);
process.on("SIGINT", stop);
