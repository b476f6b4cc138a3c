import assert from "node:assert/strict";
import { test } from "node:test";
import { RouteMemory, type RoutedLab } from "./routes.ts";

interface Router {
  readonly source: "live" | "restored" | "stale";
  readonly hosts: readonly string[];
  /** The number of the table that was read last; of the status unless given. */
  readonly tableNumber?: number;
}

/** Two nodes, each with one router of both fleets, that answer what is given. */
function labOf(routers: Readonly<Record<"naive" | "hold", Router>>): RoutedLab {
  const route = (host: string) => ({
    id: `kube_shop__x__${host}`,
    predicates: [
      { name: "Host", args: [`^(${host.replaceAll(".", "[.]")}[.]?(:[0-9]+)?)$`] },
      { name: "PathSubtree", args: ["/"] },
    ],
    filters: [],
    backend: { type: "network" as const, address: "http://127.0.0.1:1" },
  });
  return {
    plan: { fleets: [{ policy: "naive" }, { policy: "hold" }] },
    nodes: ["node-1", "node-2"],
    observatory: {
      router: (_node, policy) => {
        const { source, hosts } = routers[policy];
        return { error: undefined, value: { source, ready: true, routes: hosts.length, generation: 7 } };
      },
      table: (_node, policy) => ({
        value: { number: routers[policy].tableNumber ?? 7, createdAtMs: 0, routes: routers[policy].hosts.map(route), pools: [] },
      }),
    },
  };
}

const states = (memory: RouteMemory, lab: RoutedLab): string[] =>
  memory.view(lab, []).routes.map(({ policy, host, state }) => `${policy} ${host} ${state}`);
const both = { source: "live", hosts: ["a.lab", "b.lab"] } as const;

test("a route that a fleet has lost is shown as gone while the other still has it", () => {
  const memory = new RouteMemory();
  states(memory, labOf({ naive: both, hold: both }));
  assert.deepEqual(states(memory, labOf({ naive: { source: "live", hosts: [] }, hold: { ...both, source: "stale" } })), [
    "hold a.lab stale",
    "naive a.lab gone",
    "hold b.lab stale",
    "naive b.lab gone",
  ]);
});

test("a route that every router of ours has let go of while live was really deleted, and is forgotten", () => {
  const memory = new RouteMemory();
  states(memory, labOf({ naive: both, hold: both }));
  const one = { source: "live", hosts: ["a.lab"] } as const;
  assert.deepEqual(states(memory, labOf({ naive: one, hold: { ...one, source: "restored" } })), [
    "hold a.lab restored",
    "naive a.lab live",
    "hold b.lab gone",
    "naive b.lab gone",
  ]);
  assert.deepEqual(
    states(memory, labOf({ naive: one, hold: { ...one, tableNumber: 6 } })).filter((row) => row.includes("b.lab")),
    ["hold b.lab gone", "naive b.lab gone"],
    "an older table proves nothing",
  );
  assert.deepEqual(states(memory, labOf({ naive: one, hold: one })), ["hold a.lab live", "naive a.lab live"]);
});
