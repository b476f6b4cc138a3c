import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectSecurely } from "node:tls";
import { describe, test, type TestContext } from "node:test";
import { issueCertificate, newKeyPair } from "../../x509/index.ts";
import { startBalancer, startRawTarget, type BalancerFixture, type FixtureOptions, type TestTarget } from "./testing/balancer-fixture.ts";

/** Answers each piece of bytes with its name before it. */
async function target(t: TestContext, name: string): Promise<TestTarget> {
  const started = await startRawTarget((socket, text) => socket.write(`${name}:${text}`));
  t.after(() => started.close());
  return started;
}

async function balancer(t: TestContext, targets: readonly TestTarget[], options: FixtureOptions = {}): Promise<BalancerFixture> {
  const fixture = await startBalancer(targets, {
    ...options,
    balancer: { type: "network", ...options.balancer },
    listener: { protocol: "TCP", ...options.listener },
    group: { protocol: "TCP", ...options.group },
    healthCheck: { protocol: "TCP", ...options.healthCheck },
  });
  t.after(() => fixture.alb.close());
  return fixture;
}

/** What comes back for `text` on a connection, which stays open; the code of the error when it is cut. */
async function said(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  try {
    const [bytes] = (await once(socket, "data")) as [Buffer];
    return bytes.toString();
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}

async function opened(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

/** How a connection ends on which nothing is said. */
async function endOf(port: number): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.on("data", () => undefined);
  try {
    await once(socket, "end");
    return "FIN";
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  } finally {
    socket.destroy();
  }
}

describe("a Network Load Balancer", () => {
  test("passes bytes both ways, whatever they are, each connection to one target, and checks by connecting", async (t) => {
    const fixture = await balancer(t, [await target(t, "one"), await target(t, "two")]);
    await fixture.until(() => fixture.stateOf(0) === "healthy" && fixture.stateOf(1) === "healthy");
    const sockets = await Promise.all([1, 2].map(() => opened(fixture.port)));
    const answers = await Promise.all(sockets.map((socket) => said(socket, "nonsense\r\n\r\n")));
    assert.deepEqual(new Set(answers), new Set(["one:nonsense\r\n\r\n", "two:nonsense\r\n\r\n"]));
    assert.deepEqual(await Promise.all(sockets.map((socket) => said(socket, "nonsense\r\n\r\n"))), answers);
    assert.equal(fixture.alb.state().requests, 2);
    for (const socket of sockets) socket.destroy();
  });

  test("a side that has said all may still listen", async (t) => {
    const started = await startRawTarget((socket, text) => {
      socket.on("end", () => socket.end(`heard ${text}`));
    }, true);
    t.after(() => started.close());
    const fixture = await balancer(t, [started]);
    await fixture.until(() => fixture.stateOf(0) === "healthy");
    const socket = await opened(fixture.port);
    socket.end("all");
    const [bytes] = (await once(socket, "data")) as [Buffer];
    assert.equal(bytes.toString(), "heard all");
  });

  test("a connection is reset where no target is registered", async (t) => {
    const fixture = await balancer(t, []);
    assert.equal(await endOf(fixture.port), "ECONNRESET");
    assert.equal(fixture.alb.state().resets, 1);
  });

  test("a target that refuses costs the client its connection, and gets no other until a check passes", async (t) => {
    const [one, two] = [await target(t, "one"), await target(t, "two")];
    const fixture = await balancer(t, [one, two], { healthCheck: { intervalMs: 60_000, timeoutMs: 1_000 } });
    await fixture.until(() => fixture.stateOf(0) === "healthy" && fixture.stateOf(1) === "healthy");
    await one.close();
    const ends: string[] = [];
    for (let count = 0; count < 6; count += 1) {
      const socket = connect(fixture.port, "127.0.0.1");
      ends.push(await said(socket, "x"));
      socket.destroy();
    }
    assert.equal(fixture.stateOf(0), "healthy");
    assert.deepEqual(
      ends.filter((end) => end !== "two:x"),
      ["ECONNRESET"],
    );
    assert.deepEqual([fixture.alb.state().failures[0]?.phase, fixture.alb.state().failures[0]?.reason], ["dial", "ECONNREFUSED"]);
  });

  test("connections to a target that becomes unhealthy are reset; with all unhealthy they are passed all the same", async (t) => {
    const one = await target(t, "one");
    // The check has a port of its own, whose end is not the end of the target.
    const check = await target(t, "check");
    const fixture = await balancer(t, [one], { healthCheck: { port: check.port } });
    await fixture.until(() => fixture.stateOf(0) === "healthy");
    const socket = await opened(fixture.port);
    assert.equal(await said(socket, "x"), "one:x");
    const cut = once(socket, "error");
    await check.close();
    await fixture.until(() => fixture.stateOf(0) === "unhealthy");
    const [error] = (await cut) as [NodeJS.ErrnoException];
    assert.equal(error.code, "ECONNRESET");
    assert.equal(fixture.alb.state().failOpen, true);
    const again = await opened(fixture.port);
    assert.equal(await said(again, "y"), "one:y");
    again.destroy();
  });

  test("a target that drains keeps its connections, beyond the delay where they are not to be cut", async (t) => {
    const one = await target(t, "one");
    const fixture = await balancer(t, [one], { group: { protocol: "TCP", deregistrationDelayMs: 50, cutsAtDelayEnd: false } });
    await fixture.until(() => fixture.stateOf(0) === "healthy");
    const socket = await opened(fixture.port);
    assert.equal(await said(socket, "x"), "one:x");
    await fixture.withTargets([]);
    assert.equal(await endOf(fixture.port), "ECONNRESET");
    await fixture.until(() => fixture.stateOf(0) === undefined);
    assert.equal(await said(socket, "y"), "one:y");
    socket.destroy();
  });

  test("a connection on which nothing moves for the idle timeout is reset", async (t) => {
    const fixture = await balancer(t, [await target(t, "one")], { listener: { protocol: "TCP", tcpIdleTimeoutMs: 50 } });
    await fixture.until(() => fixture.stateOf(0) === "healthy");
    assert.equal(await endOf(fixture.port), "ECONNRESET");
  });

  test("a TLS listener ends TLS by name, and passes what is in it", async (t) => {
    const keys = newKeyPair();
    const certificate = issueCertificate({
      subject: "a",
      publicKey: keys.publicKey,
      issuer: "a",
      signingKey: keys.privateKey,
      alternativeNames: ["a.example"],
      validFromMs: Date.now() - 3_600_000,
      validUntilMs: Date.now() + 3_600_000,
    });
    const privateKey = keys.privateKey.export({ type: "pkcs8", format: "pem" });
    const fixture = await balancer(t, [await target(t, "one")], {
      balancer: { type: "network", certificates: [{ arn: "arn:a", certificate, privateKey }] },
      listener: { protocol: "TLS", tls: { certificates: ["arn:a"] } },
    });
    await fixture.until(() => fixture.stateOf(0) === "healthy");
    const socket = connectSecurely({ port: fixture.port, host: "127.0.0.1", servername: "a.example", ca: certificate });
    await once(socket, "secureConnect");
    assert.equal(await said(socket, "x"), "one:x");
    socket.destroy();
    await fixture.withTargets([]);
    assert.equal(await endOf(fixture.port), "ECONNRESET");
  });
});
