import assert from "node:assert/strict";
import { once } from "node:events";
import { request as sendRequest, type RequestListener, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { describe, test, type TestContext } from "node:test";
import { freePort } from "../../kernel/testing/free-port.ts";
import {
  get,
  startBalancer,
  startRawTarget,
  startTarget,
  type BalancerFixture,
  type FixtureOptions,
  type TestTarget,
} from "./testing/balancer-fixture.ts";

async function target(t: TestContext, answer: RequestListener): Promise<TestTarget> {
  const started = await startTarget(answer);
  t.after(() => started.close());
  return started;
}

async function balancer(t: TestContext, targets: readonly TestTarget[], options?: FixtureOptions): Promise<BalancerFixture> {
  const fixture = await startBalancer(targets, options);
  t.after(() => fixture.alb.close());
  return fixture;
}

/** Answers 200 with `name`; health checks with what `health` says. */
function named(name: string, health: () => number = () => 200): RequestListener {
  return (request, response) => {
    response.writeHead(request.url === "/readyz" ? health() : 200, { "x-app": name }).end(name);
  };
}

/** A raw target that passes health checks and does `serve` with everything else. */
async function rawTarget(t: TestContext, serve: (socket: Socket, text: string) => void): Promise<TestTarget> {
  const started = await startRawTarget((socket, text) => {
    if (text.startsWith("GET /readyz")) socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    else serve(socket, text);
  });
  t.after(() => started.close());
  return started;
}

describe("health and eligibility", () => {
  test("a target gets requests once a check has passed, and none while it is unhealthy and another is not", async (t) => {
    let health = 200;
    const one = await target(
      t,
      named("one", () => health),
    );
    const two = await target(t, named("two"));
    const fixture = await balancer(t, [one, two]);
    await fixture.until(() => fixture.stateOf(0) === "healthy" && fixture.stateOf(1) === "healthy");
    const both = await Promise.all([1, 2, 3, 4].map(() => get(fixture.port)));
    assert.deepEqual(new Set(both.map((answer) => answer.body)), new Set(["one", "two"]));
    health = 503;
    await fixture.until(() => fixture.stateOf(0) === "unhealthy");
    const [unhealthy] = fixture.alb.state().targetGroups[0]?.targets ?? [];
    assert.equal(unhealthy?.reason, "Target.ResponseCodeMismatch");
    assert.equal(unhealthy?.description, "Health checks failed with these codes: [503]");
    const left = await Promise.all([1, 2, 3, 4].map(() => get(fixture.port)));
    assert.deepEqual(new Set(left.map((answer) => answer.body)), new Set(["two"]));
  });

  test("all targets get requests when all are unhealthy, and the time of it is counted", async (t) => {
    let health = 503;
    const targets = [
      await target(
        t,
        named("one", () => health),
      ),
      await target(
        t,
        named("two", () => health),
      ),
    ];
    const fixture = await balancer(t, targets);
    await fixture.until(() => fixture.stateOf(0) === "unhealthy" && fixture.stateOf(1) === "unhealthy");
    assert.equal(fixture.alb.state().failOpen, true);
    const answers = await Promise.all([1, 2, 3, 4].map(() => get(fixture.port)));
    assert.deepEqual(new Set(answers.map((answer) => answer.body)), new Set(["one", "two"]));
    health = 200;
    await fixture.until(() => !fixture.alb.state().failOpen);
    const { failOpenSeconds } = fixture.alb.state();
    assert.ok(failOpenSeconds > 0, String(failOpenSeconds));
    assert.equal(fixture.alb.state().failOpenSeconds, failOpenSeconds);
  });

  test("a refused check is Target.FailedHealthChecks, a silent one Target.Timeout", async (t) => {
    const gone = await startTarget(named("gone"));
    await gone.close();
    const silent = await startRawTarget(() => {});
    t.after(() => silent.close());
    const fixture = await balancer(t, [gone, silent]);
    await fixture.until(() => fixture.stateOf(0) === "unhealthy" && fixture.stateOf(1) === "unhealthy");
    const reasons = fixture.alb.state().targetGroups[0]?.targets.map((entry) => entry.reason);
    assert.deepEqual(reasons, ["Target.FailedHealthChecks", "Target.Timeout"]);
  });

  test("a check is a GET on a new connection with the target's address as Host and ELB's user agent", async (t) => {
    const seen: { host: string | undefined; agent: string | undefined; port: number | undefined }[] = [];
    let arrived = (): void => {};
    const two = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const one = await target(t, (request, response) => {
      seen.push({ host: request.headers.host, agent: request.headers["user-agent"], port: request.socket.remotePort });
      response.end();
      if (seen.length === 2) arrived();
    });
    await balancer(t, [one]);
    await two;
    assert.equal(seen[0]?.host, `127.0.0.1:${one.port}`);
    assert.equal(seen[0]?.agent, "ELB-HealthChecker/2.0");
    assert.notEqual(seen[0]?.port, seen[1]?.port);
  });

  test("no registered target is 503, and so is a zone without one when cross-zone is off", async (t) => {
    const empty = await balancer(t, []);
    const answer = await get(empty.port);
    assert.deepEqual([answer.status, answer.headers.server], [503, "awselb/2.0"]);
    const one = await target(t, named("one"));
    const nodes = [
      { zone: "a", address: "127.0.0.1" },
      { zone: "b", address: "127.0.0.2" },
    ];
    // Both nodes bind one port, each at its address; a port that was free a moment ago at the first is free at both.
    const fixture = await balancer(t, [one], { nodes, group: { crossZone: false }, listener: { port: await freePort() } });
    await fixture.until(() => fixture.stateOf(0) === "healthy");
    assert.equal((await get(fixture.port)).status, 200);
    assert.equal((await get(fixture.port, { address: "127.0.0.2" })).status, 503);
  });

  test("a target of a group that no rule forwards to is unused and unchecked; until one does", async (t) => {
    let checks = 0;
    const one = await target(t, (_, response) => {
      checks += 1;
      response.end();
    });
    const fixture = await balancer(t, [one], { listener: { defaultAction: { type: "fixed-response", statusCode: 404 } } });
    assert.equal(fixture.stateOf(0), "unused");
    assert.equal((await get(fixture.port)).status, 404);
    assert.equal(checks, 0);
    const rule = {
      priority: 1,
      conditions: [{ field: "path-pattern", values: ["/web*"] }],
      action: { type: "forward", targetGroups: [{ name: "web", weight: 1 }] },
    };
    await fixture.change(({ listeners }) => ({ listeners: listeners.map((listener) => ({ ...listener, rules: [rule] })) }));
    await fixture.until(() => fixture.stateOf(0) === "healthy");
    assert.equal((await get(fixture.port, { path: "/web" })).status, 200);
  });
});

describe("draining", () => {
  test("a deregistered target gets nothing new, finishes what it has, and leaves when its delay is over", async (t) => {
    let held: ServerResponse | undefined;
    const one = await target(t, (request, response) => {
      if (request.url === "/slow") held = response;
      else response.end("quick");
    });
    const fixture = await balancer(t, [one], { group: { deregistrationDelayMs: 1000 } });
    await fixture.until(() => fixture.stateOf(0) === "healthy");
    const slow = get(fixture.port, { path: "/slow" });
    await reached(() => held !== undefined);
    await fixture.withTargets([]);
    assert.equal(fixture.stateOf(0), "draining");
    assert.equal((await get(fixture.port)).status, 503);
    held?.end("slow");
    assert.equal((await slow).body, "slow");
    await fixture.until(() => fixture.stateOf(0) === undefined);
  });

  test("what is still in flight when the delay is over gets 502", async (t) => {
    const one = await target(t, (request, response) => {
      if (request.url !== "/slow") response.end("quick");
    });
    const fixture = await balancer(t, [one], { group: { deregistrationDelayMs: 50 } });
    await fixture.until(() => fixture.stateOf(0) === "healthy");
    const slow = get(fixture.port, { path: "/slow" });
    await reached(() => fixture.alb.state().targetGroups[0]?.targets[0]?.inFlight === 1);
    await fixture.withTargets([]);
    assert.equal((await slow).status, 502);
    assert.equal(fixture.alb.state().failures[0]?.reason, "deregistration-delay");
  });

  test("a draining target that is registered again starts from initial", async (t) => {
    const one = await target(t, named("one"));
    const fixture = await balancer(t, [one]);
    await fixture.until(() => fixture.stateOf(0) === "healthy");
    await fixture.withTargets([]);
    assert.equal(fixture.stateOf(0), "draining");
    await fixture.withTargets([one]);
    assert.equal(fixture.stateOf(0), "initial");
    await fixture.until(() => fixture.stateOf(0) === "healthy");
    assert.equal((await get(fixture.port)).status, 200);
  });
});

describe("what the load balancer answers when a target does not", () => {
  test("502 when the target resets with the request outstanding; the failure says which, when and how many", async (t) => {
    const one = await rawTarget(t, (socket) => socket.resetAndDestroy());
    const fixture = await balancer(t, [one]);
    await fixture.until(() => fixture.stateOf(0) === "healthy");
    const beforeMs = Date.now();
    const answer = await get(fixture.port);
    assert.equal(answer.status, 502);
    assert.equal(answer.headers.server, "awselb/2.0");
    assert.equal(answer.headers["x-lab-target"], `127.0.0.1:${one.port}`);
    assert.equal(answer.headers["x-lab-phase"], "head");
    assert.ok(Number(answer.headers["x-lab-forwarded-at"]) >= beforeMs);
    const [failure] = fixture.alb.state().failures;
    assert.deepEqual([failure?.phase, failure?.code, failure?.reason, failure?.inFlightAtTarget], ["head", 502, "ECONNRESET", 1]);
    assert.equal(fixture.alb.countInFlight(`127.0.0.1:${one.port}`, beforeMs, Date.now()), 1);
    assert.equal(fixture.alb.countInFlight(`127.0.0.1:${one.port}`, 0, beforeMs - 1), 0);
  });

  test("502 when the connection is refused, and no other target is tried", async (t) => {
    const dead = await startTarget(named("dead"));
    await dead.close();
    const fixture = await balancer(t, [dead]);
    await fixture.until(() => fixture.stateOf(0) === "unhealthy");
    const answer = await get(fixture.port);
    assert.deepEqual([answer.status, answer.headers["x-lab-phase"]], [502, "dial"]);
    assert.equal(fixture.alb.state().failuresTotal, 1);
  });

  test("502 when the answer is no HTTP or its head is over 32 K", async (t) => {
    const one = await rawTarget(t, (socket, text) => {
      const filler = "x".repeat(33_000);
      socket.end(text.includes("/large") ? `HTTP/1.1 200 OK\r\nX-Filler: ${filler}\r\nContent-Length: 0\r\n\r\n` : "SSH-2.0-OpenSSH\r\n");
    });
    const fixture = await balancer(t, [one]);
    await fixture.until(() => fixture.stateOf(0) === "healthy");
    assert.equal((await get(fixture.port)).status, 502);
    assert.equal((await get(fixture.port, { path: "/large" })).status, 502);
    assert.deepEqual(
      fixture.alb.state().failures.map((failure) => failure.reason),
      ["HPE_INVALID_CONSTANT", "HPE_HEADER_OVERFLOW"],
    );
  });

  test("504 when the target stalls for the idle timeout", async (t) => {
    const one = await rawTarget(t, () => {});
    const fixture = await balancer(t, [one], { attributes: { idleTimeoutMs: 100 } });
    await fixture.until(() => fixture.stateOf(0) === "healthy");
    const answer = await get(fixture.port);
    assert.deepEqual([answer.status, answer.headers["x-lab-phase"]], [504, "head"]);
    assert.equal(fixture.alb.state().ownAnswers["504"], 1);
  });

  test("a cut connection when the target dies in the middle of the body", async (t) => {
    const one = await rawTarget(t, (socket) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", () => socket.resetAndDestroy());
    });
    const fixture = await balancer(t, [one]);
    await fixture.until(() => fixture.stateOf(0) === "healthy");
    await assert.rejects(get(fixture.port), { code: "ECONNRESET" });
    const [failure] = fixture.alb.state().failures;
    assert.deepEqual([failure?.phase, failure?.code], ["body", 0]);
    assert.equal(fixture.alb.state().cutAnswers, 1);
  });

  test("460 is counted when the client leaves first", async (t) => {
    const one = await rawTarget(t, () => {});
    const fixture = await balancer(t, [one]);
    await fixture.until(() => fixture.stateOf(0) === "healthy");
    const sent = sendRequest({ port: fixture.port, host: "127.0.0.1", agent: false });
    sent.on("error", () => {});
    sent.end();
    await reached(() => fixture.alb.state().targetGroups[0]?.targets[0]?.inFlight === 1);
    sent.destroy();
    await reached(() => fixture.alb.state().ownAnswers["460"] === 1);
    assert.equal(fixture.alb.state().targetGroups[0]?.targets[0]?.inFlight, 0);
    assert.equal(fixture.alb.state().failuresTotal, 0);
  });

  test("400 for what is no HTTP, 405 for TRACE, 463 for more than 30 forwarded addresses", async (t) => {
    const fixture = await balancer(t, [await target(t, named("one"))]);
    await fixture.until(() => fixture.stateOf(0) === "healthy");
    const socket = connect(fixture.port, "127.0.0.1");
    socket.write("nonsense\r\n\r\n");
    const [bytes] = (await once(socket, "data")) as [Buffer];
    assert.match(bytes.toString("latin1"), /^HTTP\/1\.1 400 Bad Request\r\nServer: awselb\/2\.0\r\n/);
    socket.destroy();
    assert.equal((await get(fixture.port, { method: "TRACE" })).status, 405);
    const addresses = (count: number): string => Array.from({ length: count }, () => "10.0.0.1").join(", ");
    assert.equal((await get(fixture.port, { headers: { "x-forwarded-for": addresses(31) } })).status, 463);
    assert.equal((await get(fixture.port, { headers: { "x-forwarded-for": addresses(30) } })).status, 200);
  });
});

describe("connections", () => {
  test("a target that answers Connection: close, or closes an idle connection, costs no request", async (t) => {
    const one = await target(t, (request, response) => {
      if (request.url === "/close") response.setHeader("connection", "close");
      response.end("ok");
      // An idle connection closed by the target right after its answer: the FIN is there before the next request.
      if (request.url === "/fin") response.on("finish", () => request.socket.end());
    });
    const fixture = await balancer(t, [one]);
    await fixture.until(() => fixture.stateOf(0) === "healthy");
    for (const path of ["/close", "/plain", "/fin", "/plain", "/fin", "/plain", "/close", "/plain"]) {
      assert.equal((await get(fixture.port, { path })).status, 200, path);
    }
    assert.equal(fixture.alb.state().failuresTotal, 0);
  });

  test("one connection to the target serves many clients", async (t) => {
    const ports = new Set<number | undefined>();
    const one = await target(t, (request, response) => {
      if (request.url !== "/readyz") ports.add(request.socket.remotePort);
      response.end();
    });
    const fixture = await balancer(t, [one]);
    await fixture.until(() => fixture.stateOf(0) === "healthy");
    for (let count = 0; count < 5; count += 1) await get(fixture.port);
    assert.equal(ports.size, 1);
  });
});

/** Looks again after each turn of the event loop; the test's own time limit ends it. */
async function reached(holds: () => boolean): Promise<void> {
  while (!holds()) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
