import { type IncomingMessage, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";

/** A way to AWS on which all load balancers are said to have failed to be set up, until `end`. */
export async function startFailedWay(t: TestContext, endpoint: string): Promise<{ readonly url: string; end(): void }> {
  let isOver = false;
  const { hostname, port } = new URL(endpoint);
  const server = createServer((incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const answered = async (answer: IncomingMessage): Promise<void> => {
      const body = await text(answer);
      const told = isOver ? body : body.replaceAll(/<Code>(?:provisioning|active)<\/Code>/g, "<Code>failed</Code>");
      const { "content-length": _length, "transfer-encoding": _coding, ...kept } = answer.headers;
      outgoing.writeHead(answer.statusCode ?? 502, { ...kept, "content-length": Buffer.byteLength(told) }).end(told);
    };
    const sent = request({ hostname, port, method, path: url, headers }, (answer) => {
      answered(answer).catch(() => outgoing.destroy());
    });
    sent.once("error", () => outgoing.destroy());
    incoming.pipe(sent);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, end: () => void (isOver = true) };
}
