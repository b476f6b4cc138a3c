import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { balancer, certificate, listener, targetGroup } from "../testing/elbv2-kit.ts";
import { signedHeaders } from "../testing/sign.ts";
import { LAB_KEY, REGION, groupOf, testAccount } from "../testing/test-account.ts";
import { at, listAt, parseXml } from "../testing/xml.ts";
import { readWorld, writeWorld } from "./world-file.ts";
import { emptyWorld } from "./world.ts";

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "holdfast-aws-"));
  t.after(() => rmSync(path, { recursive: true, force: true, maxRetries: 10 }));
  return path;
}

test("a world comes back from its file as it was", async (t) => {
  const file = join(folder(t), "aws.json");
  const account = await testAccount(t, {
    world: { autoScalingGroups: new Map([["nodes", groupOf(3)]]) },
    stateFile: file,
  });
  const group = await targetGroup(account, "pods");
  await account.call("elasticloadbalancing", "RegisterTargets", { TargetGroupArn: group, Targets: [{ Id: "10.0.0.5" }] });
  const cert = await certificate(account, "a.example");
  await listener(account, await balancer(account, "shop", { Tags: [{ Key: "__proto__", Value: "constructor" }] }), group, {
    Protocol: "HTTPS",
    Port: 443,
    Certificates: [{ CertificateArn: cert }],
  });
  await account.clock.advance(60_000);
  await account.call("autoscaling", "DescribeAutoScalingGroups");
  const plain = (world: unknown): unknown =>
    JSON.parse(JSON.stringify(world, (_name, value: unknown) => (value instanceof Map ? [...value] : value)));
  const read = readWorld(file);
  assert.deepEqual(plain(read), plain(account.store.now));
  assert.ok(read?.autoScalingGroups.get("nodes")?.instances instanceof Map);
});

test("a file that is not a world's is refused with what to do, and none is an empty account", (t) => {
  const file = join(folder(t), "aws.json");
  assert.equal(readWorld(file), undefined);
  for (const content of ["", "{", "[]", '{"format":2}', '{"format":1,"world":{"version":1}}']) {
    writeFileSync(file, content);
    assert.throws(() => readWorld(file), { code: "LAB_AWS_STATE_UNREADABLE" }, content);
  }
  assert.throws(() => writeWorld(join(file, "below"), emptyWorld), { code: "LAB_AWS_STATE_UNWRITABLE" });
});

interface Served {
  readonly process: ChildProcess;
  call(action: string, input: Readonly<Record<string, string>>): Promise<string>;
}

async function serve(t: TestContext, file: string): Promise<Served> {
  const program = fileURLToPath(new URL("../testing/aws-process.ts", import.meta.url));
  const child = spawn(process.execPath, [program, file], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const [port] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const host = `127.0.0.1:${port}`;
  return {
    process: child,
    async call(action, input) {
      const body = new URLSearchParams({ Action: action, Version: "2015-12-01", ...input }).toString();
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const signed = signedHeaders({ host, region: REGION, service: "elasticloadbalancing", body, headers }, LAB_KEY, Date.now());
      const response = await fetch(`http://${host}/`, { method: "POST", headers: signed, body });
      const text = await response.text();
      assert.equal(response.status, 200, text);
      return text;
    },
  };
}

test("killed at any moment it forgets nothing that it had answered", async (t) => {
  const file = join(folder(t), "aws.json");
  const answered = new Set<string>();
  for (let round = 0; round < 4; round++) {
    const served = await serve(t, file);
    const { text } = { text: await served.call("DescribeTargetGroups", {}) };
    const there = new Set(listAt(parseXml(text), "DescribeTargetGroupsResult", "TargetGroups").map((one) => at(one, "TargetGroupName")));
    for (const name of answered) assert.ok(there.has(name), `${name} was answered and is gone in round ${round}`);
    const exit = once(served.process, "exit");
    // Some clients write all the time; the kill comes in the middle of it, after another number of answers in every round.
    let count = 0;
    const client = async (id: number): Promise<void> => {
      for (let n = 0; ; n++) {
        const name = `r${round}-c${id}-n${n}`;
        await served.call("CreateTargetGroup", { Name: name, Protocol: "HTTP", Port: "80", VpcId: "vpc-1" });
        answered.add(name);
        if (++count === 20 + 7 * round) served.process.kill("SIGKILL");
      }
    };
    await Promise.allSettled([client(1), client(2), client(3)]);
    await exit;
    assert.doesNotThrow(() => JSON.parse(readFileSync(file, "utf8")));
  }
  assert.ok(answered.size >= 20 + 27 + 34 + 41);
});
