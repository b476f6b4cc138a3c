import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

// A target in a process of its own, to be killed: answers as the application `shop` after the milliseconds it is told, so that a kill
// finds requests in flight.
const delayMs = Number(process.argv[2] ?? 0);
const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const answer = (): void => {
    response.writeHead(200, { "x-app": "shop" }).end('{"application":"shop"}');
  };
  if (request.url === "/readyz") answer();
  else setTimeout(answer, delayMs);
});
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
process.on("disconnect", () => process.exit());
