import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { before, test } from "node:test";
import { inNewNamespace } from "../namespace/network-namespace.ts";
import { whyNoNamespace } from "../namespace/testing/why-no-namespace.ts";
import { checkPlace } from "./place.ts";
import { networkToBreak } from "./run-tool.ts";

// What each fault looks like to a client that asks over TCP; the faults run in a namespace of their own, all beside each other.
interface Seen {
  readonly connect: string;
  readonly small: string;
  readonly large: string;
  readonly seconds: number;
  readonly control: string;
}

interface Result {
  readonly during: Readonly<Record<string, Seen | string>>;
  readonly after: Readonly<Record<string, Seen>>;
  readonly undos: number;
  readonly left: readonly string[];
  readonly before: string;
  readonly atWorst: string;
  readonly atEnd: string;
}

const LARGE = "200 524288";
const refused = { connect: "ECONNREFUSED", small: "ECONNREFUSED", large: "ECONNREFUSED" };
const hanging = { connect: "timeout", small: "hangs", large: "hangs" };

/** chaos.md section 0 measured the same between two namespaces. What a fifth of the packets lost does to one request is chance. */
const EXPECTED: Readonly<Record<string, Partial<Seen>>> = {
  drop: hanging,
  replies: hanging,
  requests: hanging,
  reset: refused,
  icmp: refused,
  loss: {},
  pmtu: { connect: "connected", small: "200 100", large: "hangs" },
  bandwidth: { connect: "connected", large: LARGE },
  unreachable: { connect: "EHOSTUNREACH", small: "EHOSTUNREACH", large: "EHOSTUNREACH" },
  prohibit: { connect: "EACCES", small: "EACCES", large: "EACCES" },
  blackhole: { connect: "EINVAL", small: "EINVAL", large: "EINVAL" },
};

const why = whyNoNamespace(["iptables", "tc"]);
if (why === undefined) faultTests();
else process.stdout.write(`not run: faults of the network (${why})\n`);

test("the host's own network is not broken unless that was allowed", () => {
  assert.throws(() => networkToBreak({}), /this is the host's own network: run the experiment with --network-namespace/);
  assert.throws(() => networkToBreak({ HOLDFAST_NETWORK_NAMESPACE: "net:[1]" }), /host's own network/);
  assert.deepEqual(networkToBreak({ HOLDFAST_HOST_NETWORK: "1" }).enter, []);
});

test("a place that cannot be is told before anything is touched", () => {
  const problem = (given: Parameters<typeof checkPlace>[0]): string => checkPlace(given)[0]?.message ?? "";
  for (const address of ["127.1", "127.0.0.1/33", "::1/129", "shop.lab", "127.0.0.1:80", ""])
    assert.match(problem({ address }), /is no address/, address);
  for (const address of ["127.0.0.1", "127.30.64.0/18", "::1", "fd00::/8"]) assert.equal(problem({ address }), "", address);
  assert.match(problem({ address: "127.0.0.1", zone: "a" }), /components as well/);
  assert.match(problem({ of: "apiserver", port: 80 }), /there is no address/);
  assert.match(problem({ address: "127.0.0.1", witness: "here" }), /no address with a port/);
});

function faultTests(): void {
  let result: Result;
  before(async () => {
    const script = new URL("testing/faults-inside.ts", import.meta.url).pathname;
    const [file, ...args] = inNewNamespace([process.execPath, script]);
    const inside = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    inside.stdout.setEncoding("utf8");
    inside.stdout.on("data", (chunk: string) => (text += chunk));
    const code = await new Promise((resolve) => inside.once("close", resolve));
    assert.equal(code, 0);
    result = JSON.parse(text) as Result;
  });

  for (const [name, expected] of Object.entries(EXPECTED)) {
    test(`${name}: a client sees what it is named for, a neighbour sees nothing, and afterwards neither does`, () => {
      const during = result.during[name];
      assert.ok(typeof during === "object", `not injected: ${JSON.stringify(during)}`);
      for (const [field, value] of Object.entries(expected)) assert.equal(during[field as keyof Seen], value, field);
      assert.equal(during.control, LARGE);
      const after = result.after[name];
      assert.deepEqual([after?.connect, after?.small, after?.large], ["connected", "200 100", LARGE]);
    });
  }

  test("2 Mbit/s let 512 KiB through in no less than 1.5 s", () => {
    const during = result.during["bandwidth"];
    assert.ok(typeof during === "object" && during.seconds > 1.5, JSON.stringify(during));
  });

  test("undoing takes away every rule of its own and nothing else, twice, and of a network that is gone", () => {
    assert.equal(result.undos, Object.keys(EXPECTED).length);
    assert.deepEqual(result.left, []);
    assert.notEqual(result.atWorst, result.before);
    assert.equal(result.atEnd, result.before);
  });
}
