import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { freePort } from "../../kernel/testing/free-port.ts";
import type { ApiServerConfig } from "./config.ts";

const PROGRAM = `
import { runApiServer } from ${JSON.stringify(new URL("./index.ts", import.meta.url).href)};
import { createLog } from ${JSON.stringify(new URL("../../telemetry/index.ts", import.meta.url).href)};
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
await runApiServer(JSON.parse(process.argv[1]), { log: createLog({ level: "error", name: "api" }), signal: stop.signal });
`;

async function start(config: ApiServerConfig): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", PROGRAM, JSON.stringify(config)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  assert.equal(line.toString(), "ready\n");
  return child;
}

test("killed with SIGKILL while clients write, it comes back with every object that it had confirmed, and higher revisions", async () => {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-restart-"));
  const port = await freePort();
  const config: ApiServerConfig = {
    listen: { host: "127.0.0.1", port },
    storeFile: join(directory, "store.db"),
    tokens: [{ token: "t", user: "admin", groups: ["system:masters"] }],
  };
  const url = `http://127.0.0.1:${port}/api/v1/namespaces/default/configmaps`;
  const headers = { authorization: "Bearer t", "content-type": "application/json" };
  const confirmed = new Map<string, number>();
  let child = await start(config);
  for (let round = 0; round < 2; round++) {
    const write = async (writer: number): Promise<void> => {
      for (let at = 0; ; at++) {
        const name = `c-${round}-${writer}-${at}`;
        const response = await fetch(url, {
          method: "POST",
          headers,
          body: JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name } }),
        });
        const body = (await response.json()) as { metadata: { resourceVersion: string } };
        assert.equal(response.status, 201);
        confirmed.set(name, Number(body.metadata.resourceVersion));
        if (confirmed.size === (round + 1) * 80) child.kill("SIGKILL");
      }
    };
    const exited = once(child, "exit");
    const ends = await Promise.allSettled([write(0), write(1), write(2), write(3)]);
    assert.ok(ends.every(({ status }) => status === "rejected"));
    await exited;
    child = await start(config);
  }
  const list = (await (await fetch(url, { headers })).json()) as {
    items: { metadata: { name: string; resourceVersion: string } }[];
    metadata: { resourceVersion: string };
  };
  const found = new Map(list.items.map(({ metadata }) => [metadata.name, Number(metadata.resourceVersion)]));
  for (const [name, revision] of confirmed) assert.equal(found.get(name), revision, `${name} was confirmed`);
  assert.ok(Number(list.metadata.resourceVersion) >= Math.max(...confirmed.values()));
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  assert.deepEqual(await exited, [0, null]);
  await rm(directory, { recursive: true, maxRetries: 20, retryDelay: 100 });
});
