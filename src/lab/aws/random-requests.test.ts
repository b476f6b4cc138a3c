import assert from "node:assert/strict";
import { test } from "node:test";
import { type Random, assertNever, seededRandom } from "../../kernel/index.ts";
import { balancer, certificate, listener, targetGroup } from "./testing/elbv2-kit.ts";
import { MODELS, type ServiceName, groupOf, testAccount } from "./testing/test-account.ts";
import type { Member, ServiceModel } from "./wire/service-model.ts";

const ROUNDS = 12;

/** A value of a shape: often of things that are there, sometimes empty, too long or of nothing known. */
function valueOf(model: ServiceModel, member: Member, random: Random, known: readonly string[], depth = 0): unknown {
  const shape = model.shape(member.shape);
  const pick = <T>(all: readonly T[]): T | undefined => all[Math.floor(random.next() * all.length)];
  switch (shape.type) {
    case "structure":
      return Object.fromEntries(
        Object.entries(shape.members ?? {})
          .filter(([name]) => random.next() < (shape.required?.includes(name) === true ? 0.97 : depth > 3 ? 0.1 : 0.4))
          .map(([name, below]) => [wireName(model, name, below), valueOf(model, below, random, known, depth + 1)]),
      );
    case "list": {
      const entry = shape.member;
      return entry === undefined
        ? []
        : Array.from({ length: Math.floor(random.next() * 3) }, () => valueOf(model, entry, random, known, depth + 1));
    }
    case "map":
      return {};
    case "integer":
    case "long":
      return pick([0, 1, 2, 80, 443, 60_000, -1, shape.max ?? 5, shape.min ?? 5]);
    case "float":
    case "double":
      return 0.5;
    case "boolean":
      return random.next() < 0.5;
    case "timestamp":
      return "2026-01-01T00:00:00Z";
    case "blob":
      return "aGVsbG8=";
    case "string":
      return pick([...(shape.enum ?? []), ...known, "", "x", "10.0.0.5", "true", "nodes", "__proto__", "a".repeat(300)]);
    default:
      return assertNever(shape.type);
  }
}

function wireName(model: ServiceModel, name: string, { locationName, queryName }: Member): string {
  const wire = queryName ?? locationName ?? name;
  return model.protocol === "ec2" ? `${wire.slice(0, 1).toUpperCase()}${wire.slice(1)}` : wire;
}

test("whatever is asked is answered, done or refused by a code, and the account stays whole", async (t) => {
  const account = await testAccount(t, { world: { autoScalingGroups: new Map([["nodes", groupOf(3)]]) } });
  const group = await targetGroup(account, "pods", { TargetType: "instance" });
  const of = await balancer(account, "shop", { SecurityGroups: ["sg-1"] });
  const random = seededRandom(5);
  const codes = new Set<string>();
  const known = [
    group,
    of,
    await listener(account, of, group),
    await certificate(account, "a.example"),
    "vpc-1",
    "subnet-a",
    "subnet-b",
    "sg-1",
  ];
  for (const name of Object.keys(MODELS) as ServiceName[]) {
    const model = MODELS[name];
    for (const [action, { input }] of model.operations) {
      for (let round = 0; round < ROUNDS; round++) {
        await account.clock.advance(1_000);
        const asked =
          input === undefined ? {} : valueOf(model, { shape: input }, random, [...known, ...account.store.now.instances.keys()]);
        const what = `${name} ${action} ${JSON.stringify(asked)}`;
        const { status, code, body } = await account.call(name, action, asked as Record<string, unknown>).catch((error: unknown) => {
          throw new Error(what, { cause: error });
        });
        assert.ok(status === 200 || code !== undefined, `${what}: ${status}`);
        assert.notEqual(body, undefined, what);
        codes.add(code ?? "done");
      }
    }
  }
  assert.ok(codes.has("done") && codes.size > 15, [...codes].join());
});
