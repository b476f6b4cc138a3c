import { deepEqual, equal, match, ok } from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { ManualClock } from "../kernel/testing/manual-clock.ts";
import { problemOf } from "../route/testing/calls.ts";
import { serve } from "./testing/own-filter.ts";
import { type ProxyUnderTest, startProxy } from "./testing/proxy-under-test.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const SHED = "HTTP/1.1 503 No\r\nContent-Length: 0\r\nAdmission-Control: true\r\n\r\n";

interface Shedding {
  readonly under: ProxyUnderTest;
  readonly clock: ManualClock;
  /** One request after another, each answered after so long and followed by a pause; returns how many were shed here. */
  send(times: number, latencyMs: number, answer?: string): Promise<number>;
}

async function shedding(t: TestContext, filter: string): Promise<Shedding> {
  const clock = new ManualClock();
  const under = await startProxy({ tickMs: 100_000 }, clock);
  t.after(async () => {
    const closed = under.close();
    await clock.advance(1);
    await closed;
  });
  serve(under, `* -> ${filter} -> BACKEND`);
  return {
    under,
    clock,
    async send(times, latencyMs, answer = OK) {
      let asked = 0;
      under.server.onData = (connection) => {
        if (connection.takeRequest() === undefined) return;
        asked++;
        void clock.advance(latencyMs).then(() => connection.send(answer));
      };
      for (let time = 0; time < times; time++) {
        await under.exchange(GET);
        await clock.advance(100);
      }
      return times - asked;
    },
  };
}

test("requests are shed while they take longer than usual, and none any more when they do not", async (t) => {
  const { under, clock, send } = await shedding(t, 'physicsShedder("shop", "active", "20ms", "1s")');
  equal(await send(60, 10), 0);
  const shed = await send(30, 400);
  ok(shed > 0, `${shed} of 30`);
  ok(under.metric("holdfast_filter_physics_rejected_total", "shop", "active") >= shed);
  equal(under.metric("holdfast_filter_physics_requests_total", "shop"), 90);
  await clock.advance(3_600_000);
  equal(await send(1, 10), 0);
});

test("a filter that is not active sheds nothing, and says what it would have", async (t) => {
  const { under, send } = await shedding(t, 'physicsShedder("shop", "logInactive", "20ms", "1s")');
  equal(await send(60, 10), 0);
  equal(await send(30, 400), 0);
  ok(under.metric("holdfast_filter_physics_rejected_total", "shop", "inactive") > 0);
});

test("a filter that only logs what it would have shed does so", async (t) => {
  const { under, clock, send } = await shedding(t, 'admissionControl("shop", "logInactive", "1s", 5, 1, 0.95, 0.9, 0.5)');
  equal(await send(40, 10, OK.replace("200", "500")), 0);
  const closed = under.proxy.close({ timeoutMs: 0 });
  await clock.advance(1);
  await closed;
  const [line = "{}"] = under.filterLines;
  const { msg, name, route } = JSON.parse(line) as Record<string, unknown>;
  deepEqual([msg, name, route], ["admissionControl", "shop", "unnamed1"]);
});

test("what another router has shed, and marked, is not the back end's failure", async (t) => {
  for (const filter of ['admissionControl("shop", "active", "1s", 5, 1, 0.95, 0.9, 0.5)', 'physicsShedder("shop", "active", "1s", "1s")']) {
    const { send } = await shedding(t, filter);
    equal(await send(60, 10), 0);
    equal(await send(60, 10, SHED), 0);
    ok((await send(60, 10, SHED.replace("Admission-Control", "X-Other"))) > 0, filter);
  }
});

test("arguments that say nothing are refused", () => {
  match(problemOf('physicsShedder("", "active", "1s")'), /a name that is not empty/);
  match(problemOf('physicsShedder("a", "on", "1s")'), /a mode of active, inactive, logInactive/);
  match(problemOf('physicsShedder("a", "active", "1s", "100ms")'), /between 200 and 60000/);
  match(problemOf('physicsShedder("a", "active", "0s")'), /between 1 and/);
});
