import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, request, type IncomingMessage } from "node:http";
import { describe, test } from "node:test";
import { whenIdleConnectionsAreChecked } from "./idle-connections.ts";
import { startRawTarget } from "./testing/balancer-fixture.ts";

describe("idle connections", () => {
  test("that the other side has closed are not used again, however short ago it did", async (t) => {
    const answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let served = 0;
    // The FIN follows each answer at once: the agent still thinks the connection is good.
    const target = await startRawTarget((socket) => {
      served += 1;
      socket.write(answer);
      socket.end();
    });
    t.after(() => target.close());
    const agent = new Agent({ keepAlive: true, scheduling: "lifo" });
    t.after(() => agent.destroy());
    const send = (): Promise<void> =>
      new Promise((resolve, reject) => {
        whenIdleConnectionsAreChecked(agent, () => {
          const sent = request({ host: target.id, port: target.port, agent });
          sent.on("error", reject);
          sent.on("response", (response: IncomingMessage) => {
            response.resume();
            response.on("end", resolve);
          });
          sent.end();
        });
      });
    for (let count = 0; count < 50; count += 1) await Promise.all([send(), send(), send()]);
    assert.equal(served, 150);
  });

  test("that are open are used again", async (t) => {
    const target = await startRawTarget((socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    t.after(() => target.close());
    const agent = new Agent({ keepAlive: true });
    t.after(() => agent.destroy());
    const ports = new Set<number | undefined>();
    for (let count = 0; count < 3; count += 1) {
      await new Promise<void>((resolve) => whenIdleConnectionsAreChecked(agent, resolve));
      const sent = request({ host: target.id, port: target.port, agent });
      sent.end();
      const [response] = (await once(sent, "response")) as [IncomingMessage];
      ports.add(sent.socket?.localPort);
      response.resume();
      await once(response, "end");
    }
    assert.equal(ports.size, 1);
  });
});
