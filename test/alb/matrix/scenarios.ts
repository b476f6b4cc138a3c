import type { Bench } from "../kit/bench.ts";
import { type Manifest, ingress, ingressClass, routeGroup } from "../kit/cluster.ts";
import { CERTIFICATES, certificateRecord } from "../kit/first-world.ts";
import { withRecord } from "../../../src/lab/aws/world/world.ts";

const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

/** What happens to a cluster and its account while the controller runs. */
export interface Scenario {
  readonly name: string;
  /** The scenario whose end this one begins with; an account in which nothing is ours without it. */
  readonly after?: string;
  /** One after the other: each may wait for what the controller does, and for no longer than it takes without faults and a while. */
  readonly steps: readonly ((bench: Bench) => Promise<void>)[];
  /** In all, for what is to be done when the faults are over. */
  readonly patienceMs: number;
}

const STATE = "/api/v1/namespaces/default/configmaps/holdfast-alb-holdfast";
const SHOP = ingress("shop", ["shop.example.org"]);
const API = routeGroup("api", ["api.example.org"]);
const INSIDE = ingress("inside", ["inside.example.org"], { "zalando.org/aws-load-balancer-scheme": "internal" });
/** A load balancer of its own, in the same scheme. */
const OWN = ingress("own", ["own.example.org"], { "zalando.org/aws-load-balancer-shared": "false" });

const put =
  (...objects: readonly Manifest[]) =>
  async ({ cluster }: Bench): Promise<void> => {
    for (const object of objects) await cluster.put(object);
  };
const served = (withinMs: number) => (bench: Bench) =>
  bench.clock.until("all that is needed", () => bench.leftovers().length === 0, withinMs);
/** From then on it knows whom each load balancer serves. One that starts without that, and cannot find out before they are gone, leaves theirs to a person. */
const known = ({ clock, cluster }: Bench): Promise<void> =>
  clock.until("the saved state", async () => (await cluster.read(STATE)).code === 200, 2 * HOUR_MS);
const pass = (ms: number) => (bench: Bench) => bench.clock.pass(ms);

export const scenarios: readonly Scenario[] = [
  { name: "first", steps: [put(ingressClass("holdfast.dev/alb"), SHOP, API, OWN), served(HOUR_MS)], patienceMs: 6 * HOUR_MS },
  {
    name: "adds",
    after: "first",
    steps: [
      pass(10 * MINUTE_MS),
      put(ingress("www", ["www.example.org"]), INSIDE),
      ({ account, clock }) => {
        const [id] = account.store.now.autoScalingGroups.get("nodes-a")?.instances.keys() ?? [];
        account.byHand((world) => {
          const instance = id === undefined ? undefined : world.instances.get(id);
          return instance === undefined
            ? world
            : withRecord(world, "instances", instance.id, { ...instance, state: "shutting-down", stateSinceMs: clock.wallMs() });
        });
        return Promise.resolve();
      },
      served(HOUR_MS),
      pass(10 * MINUTE_MS),
    ],
    patienceMs: 6 * HOUR_MS,
  },
  { name: "steady", after: "first", steps: [pass(3 * HOUR_MS)], patienceMs: 6 * HOUR_MS },
  {
    name: "removes",
    after: "first",
    steps: [
      pass(10 * MINUTE_MS),
      known,
      ({ cluster }) => cluster.remove("Ingress", "own"),
      ({ cluster }) => cluster.remove("RouteGroup", "api"),
      served(24 * HOUR_MS),
      pass(2 * HOUR_MS),
    ],
    patienceMs: 48 * HOUR_MS,
  },
  {
    name: "newer certificate",
    after: "first",
    steps: [
      pass(10 * MINUTE_MS),
      ({ account, clock }) => {
        // The same host, newer: it goes beside the other one, which goes last.
        const nowMs = clock.wallMs();
        account.byHand((world) =>
          withRecord(world, "certificates", CERTIFICATES.shopNew, certificateRecord(CERTIFICATES.shopNew, ["shop.example.org"], nowMs)),
        );
        return Promise.resolve();
      },
      ({ account, clock }) =>
        clock.until(
          "the newer certificate alone",
          () => ![...account.store.now.listeners.values()].some(({ certificates }) => certificates.includes(CERTIFICATES.shop)),
          24 * HOUR_MS,
        ),
      pass(10 * MINUTE_MS),
    ],
    patienceMs: 24 * HOUR_MS,
  },
  {
    name: "another kind",
    after: "first",
    steps: [
      pass(10 * MINUTE_MS),
      known,
      // A load balancer's scheme cannot be changed: another one is made before this one goes.
      put(
        ingress("own", ["own.example.org"], {
          "zalando.org/aws-load-balancer-shared": "false",
          "zalando.org/aws-load-balancer-scheme": "internal",
        }),
      ),
      // Until then the one before still serves, and nothing is left over.
      pass(30 * MINUTE_MS),
      served(24 * HOUR_MS),
    ],
    patienceMs: 48 * HOUR_MS,
  },
];

export function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (found === undefined) throw new Error(`there is no scenario "${name}"`);
  return found;
}

/** Plays all steps; a step that does not come to its end in time ends itself alone. Answers which did not. */
export async function play(bench: Bench, { steps }: Scenario): Promise<readonly string[]> {
  const late: string[] = [];
  for (const [at, step] of steps.entries()) {
    try {
      await step(bench);
    } catch (error) {
      late.push(`step ${at + 1}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return late;
}
