import type { TestContext } from "node:test";
import { assertNever, seededRandom, systemClock } from "../../kernel/index.ts";
import { createKubeClient } from "../client.ts";
import type { KubeEvidence } from "../evidence.ts";
import type { Heartbeat } from "../heartbeat.ts";
import type { Reflector, ReflectorOptions } from "../reflector-api.ts";
import { createReflector } from "../reflector.ts";
import type { Resource } from "../resource.ts";
import { type ListedWorld, createListedWorld } from "./listed-world.ts";

/** A reflector of a listed world, with all it said. */
export interface MirroredKind {
  readonly world: ListedWorld;
  readonly reflector: Reflector;
  /** Everything said so far, in short: `complete a b`, `upsert a`, `failed KUBE_…`. */
  readonly said: readonly string[];
  /** Resolves with the index of the first thing said from `from` on that begins with `start`. */
  readonly until: (start: string, from?: number) => Promise<number>;
}

function short(evidence: KubeEvidence<string>): string {
  switch (evidence.kind) {
    case "complete":
      return `complete${evidence.rewound ? " rewound" : ""}${evidence.items.map(({ key }) => ` ${key}`).join("")}`;
    case "upsert":
      return `upsert ${evidence.key}`;
    case "delete":
      return `delete ${evidence.key}`;
    case "poisoned":
      return `poisoned ${evidence.key ?? "?"}`;
    case "failed":
      return `failed ${evidence.error.code}`;
    case "live":
    case "absent":
      return evidence.kind;
    default:
      return assertNever(evidence);
  }
}

/** Starts one; all of it is stopped when the test ends. */
export async function mirror(
  t: TestContext,
  resource: Resource,
  options: Partial<ReflectorOptions<string>> = {},
  prepare: (world: ListedWorld) => void = () => {},
  patienceMs = 10_000,
  heartbeat?: Heartbeat,
): Promise<MirroredKind> {
  const world = await createListedWorld(resource);
  prepare(world);
  const client = createKubeClient(
    {
      cluster: { server: world.server.url, credentials: { type: "none" }, namespace: "default" },
      headTimeoutMs: patienceMs,
      bodySilenceTimeoutMs: patienceMs,
      caller: { attempts: 1 },
    },
    { clock: systemClock, random: seededRandom(1) },
  );
  const said: string[] = [];
  let waiting: { start: string; from: number; resolve: (at: number) => void }[] = [];
  const look = (): void => {
    waiting = waiting.filter(({ start, from, resolve }) => {
      const at = said.findIndex((line, index) => index >= from && line.startsWith(start));
      if (at === -1) return true;
      resolve(at);
      return false;
    });
  };
  const reflector = createReflector<string>(
    { resource, decode: (object) => object.metadata.name, backoff: { baseMs: 5, capMs: 20 }, silenceTimeoutMs: 5_000, ...options },
    {
      client,
      clock: systemClock,
      random: seededRandom(2),
      ...(heartbeat === undefined ? {} : { heartbeat }),
      sink: (evidence) => {
        said.push(short(evidence));
        look();
      },
      onState: (status) => {
        said.push(`state ${status.state}`);
        look();
      },
    },
  );
  t.after(async () => {
    await reflector.stop();
    await client.close();
    await world.close();
  });
  reflector.start();
  return {
    world,
    reflector,
    said,
    until: (start, from = 0) =>
      new Promise((resolve) => {
        waiting.push({ start, from, resolve });
        look();
      }),
  };
}
