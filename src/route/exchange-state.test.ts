import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, it } from "node:test";
import type { CompiledRoute } from "./compiled-route.ts";
import { parseEskip } from "./eskip-parser.ts";
import { ExchangeState } from "./exchange-state.ts";
import { type Filter, runRequestFilters, runResponseFilters } from "./filter.ts";
import { extendRegistry } from "./registry.ts";
import { rehearse } from "./rehearse.ts";
import { RehearsedExchange, RehearsedInput } from "./rehearsed-exchange.ts";
import { standardRegistry } from "./standard.ts";
import { compileTable } from "./table.ts";
import { rehearsedRequest } from "./testing/requests.ts";

const BROKEN = (): never => {
  throw new Error("not expected");
};

function exchange(): RehearsedExchange {
  const { table } = compileTable(parseEskip("* -> <shunt>", "test"), standardRegistry);
  const request = rehearsedRequest();
  const input = new RehearsedInput(request, "/");
  return new RehearsedExchange(request, table.match(input) as CompiledRoute, "/", input);
}

/** A filter that notes when it runs, and waits on the sides that are given. */
function noting(name: string, log: string[], waits: { request?: Promise<void>; response?: Promise<void> } = {}): Filter {
  return {
    request: () => (log.push(`${name} request`), waits.request),
    response: () => (log.push(`${name} response`), waits.response),
  };
}

describe("what filters leave on an exchange", () => {
  it("is made when it is asked for, and gone when the exchange ends", () => {
    const state = new ExchangeState();
    deepEqual([state.wishesSet, state.timeoutsSet, state.requestTransforms, state.responseTransforms], [undefined, undefined, [], []]);
    state.state.set("k", 1);
    state.wishes.preserveHost = false;
    state.timeouts.backendMs = 10;
    deepEqual([state.state.get("k"), state.wishesSet?.preserveHost, state.timeoutsSet?.backendMs], [1, false, 10]);
    state.endExchange(BROKEN);
    deepEqual([state.state.size, state.wishesSet, state.timeoutsSet], [0, undefined, undefined]);
  });

  it("is told of the end once: the signal, the callbacks in order whatever one throws, the streams", () => {
    const state = new ExchangeState();
    const log: string[] = [];
    const { signal } = state;
    equal(state.signal, signal);
    signal.addEventListener("abort", () => log.push("signal"));
    state.onEnd(() => log.push("first"));
    state.onEnd(() => {
      throw new Error("second");
    });
    state.onEnd(() => log.push("third"));
    const [request, response] = [new PassThrough(), new PassThrough()];
    state.transformRequest(request);
    state.transformResponse(response);
    const reported: unknown[] = [];
    state.endExchange((thrown) => reported.push(thrown));
    state.endExchange(BROKEN);
    deepEqual(log, ["signal", "first", "third"]);
    equal(String(reported), "Error: second");
    ok(signal.aborted && request.destroyed && response.destroyed);
    equal(state.signal.aborted, false);
  });
});

describe("filters that run", () => {
  it("make no promise when none waits", () => {
    const log: string[] = [];
    const filters = [noting("a", log), noting("b", log)];
    equal(runRequestFilters(filters, exchange()), 2);
    equal(runResponseFilters(filters, exchange(), 2), 0);
    deepEqual(log, ["a request", "b request", "b response", "a response"]);
  });

  it("stop at one that waits, and go on behind it", async () => {
    const log: string[] = [];
    const context = exchange();
    const filters = [noting("a", log), noting("b", log, { request: Promise.resolve(), response: Promise.resolve() }), noting("c", log)];
    const wait = runRequestFilters(filters, context);
    if (typeof wait === "number") throw new Error("it did not wait");
    deepEqual([wait.next, log], [2, ["a request", "b request"]]);
    await wait.until;
    equal(runRequestFilters(filters, context, wait.next), 3);
    const back = runResponseFilters(filters, context, 3);
    if (typeof back === "number") throw new Error("it did not wait");
    deepEqual([back.next, log.slice(3)], [1, ["c response", "b response"]]);
    await back.until;
    equal(runResponseFilters(filters, context, back.next), 0);
    deepEqual(log.slice(5), ["a response"]);
  });

  it("stop behind one that answered while it waited", async () => {
    const log: string[] = [];
    const context = exchange();
    const answering: Filter = {
      request: async ({ respond }) => {
        await Promise.resolve();
        respond.call(context, 401, [], new Uint8Array(0));
      },
    };
    const wait = runRequestFilters([answering, noting("b", log)], context);
    if (typeof wait === "number") throw new Error("it did not wait");
    await wait.until;
    equal(runRequestFilters([answering, noting("b", log)], context, wait.next), 1);
    deepEqual(log, []);
  });

  it("do not wait for what is no promise", () => {
    const odd = { request: () => 7 as unknown as void, response: () => ({}) as unknown as void };
    equal(runRequestFilters([odd], exchange()), 1);
    equal(runResponseFilters([odd], exchange(), 1), 0);
  });

  it("are told to throw where they throw", () => {
    throws(() => runRequestFilters([{ request: BROKEN }], exchange()), /not expected/);
  });

  it("can put texts and bytes around a body that streams, also around none", async () => {
    for (const [call, pieces, expected] of [
      ['wrapContent("<", ">")', ["a", "b"], "<ab>"],
      ['wrapContentHex("3c", "3e")', [], "<>"],
    ] as const) {
      const context = exchange();
      const { table } = compileTable(parseEskip(`* -> ${call} -> <shunt>`, "test"), standardRegistry);
      runResponseFilters(table.find("unnamed1")?.filters ?? [], context, 1);
      const [stream] = context.responseTransforms;
      if (stream === undefined) throw new Error("no stream");
      for (const piece of pieces) stream.write(piece);
      stream.end();
      equal(await text(stream), expected);
    }
  });

  it("find what another filter left under a key", () => {
    const registry = extendRegistry(standardRegistry, {
      filters: [
        {
          name: "signIn",
          create: () => ({
            request: ({ state }): void => {
              state.set("auth-user", "me").set("auth-age", 7).set("auth-evil", "a\r\nb");
            },
          }),
        },
      ],
    });
    const { table, problems } = compileTable(
      parseEskip(
        `* -> setContextResponseHeader("X-User", "auth-user") -> signIn() -> setContextRequestHeader("X-User", "auth-user")
           -> appendContextRequestHeader("X-User", "auth-age") -> setContextRequestHeader("X-Evil", "auth-evil") -> "http://a:1"`,
        "test",
      ),
      registry,
    );
    deepEqual(problems, []);
    const rehearsal = rehearse(table, rehearsedRequest({ headers: ["x-user", "root"] }));
    if (!("path" in rehearsal)) throw new Error(rehearsal.outcome);
    deepEqual(rehearsal.requestHeaders, ["x-user", "me", "X-User", "7"]);
    deepEqual(rehearsal.responseHeaders, ["X-User", "me"]);
  });
});

describe("a rehearsal", () => {
  it("does not wait for a filter that asks somebody", () => {
    for (const side of ["request", "response"]) {
      const registry = extendRegistry(standardRegistry, { filters: [{ name: "ask", create: () => ({ [side]: async () => {} }) }] });
      const { table } = compileTable(parseEskip("* -> ask() -> <shunt>", "test"), registry);
      equal(rehearse(table, rehearsedRequest()).outcome, "unfinished");
    }
  });
});
