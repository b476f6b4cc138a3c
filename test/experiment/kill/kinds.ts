import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import type { TestContext } from "node:test";
import { proxyUnderTest } from "../../../src/experiment/fault-proxy/testing/kit.ts";
import { startApiServer } from "../../../src/lab/apiserver/testing/index.ts";
import { makeWorld } from "../alias-corpus/world.ts";

/** Some faults, and somebody who knows what is left of them. */
export interface Kind {
  readonly method: readonly object[];
  readonly flags: readonly string[];
  /** What is still broken; empty when nothing is. */
  left(): Promise<readonly string[]>;
}

export const KINDS: Readonly<Record<string, (t: TestContext) => Promise<Kind>>> = { processes, cluster, connections };

const native = (name: string, activity: string, given: object): object => ({
  type: "action",
  name,
  provider: { type: "holdfast", activity, arguments: given },
});

/** Two at once, one put back before the end, and broken again. */
function processes(t: TestContext): Promise<Kind> {
  const victims = [1, 2].map(() => spawn("sleep", ["86400"], { stdio: "ignore" }));
  t.after(() => victims.map((victim) => victim.kill("SIGKILL")));
  const [first = 0, second = 0] = victims.map(({ pid }) => pid);
  return Promise.resolve({
    method: [
      native("a", "process/signal", { pid: first }),
      native("b", "process/signal", { pid: second }),
      native("c", "faults/revert", {}),
      native("d", "process/signal", { pid: first }),
    ],
    flags: [],
    left: () => {
      const stopped = [first, second].filter((pid) => /\) T /.test(readFileSync(`/proc/${pid}/stat`, "latin1")));
      return Promise.resolve(stopped.map((pid) => `process ${pid} is stopped`));
    },
  });
}

/** Objects of a cluster, over its API server. */
async function cluster(t: TestContext): Promise<Kind> {
  const server = await startApiServer();
  t.after(() => server.close());
  await makeWorld(server);
  const field = async (path: string, name: string): Promise<unknown> => {
    const { body } = await server.call("GET", path);
    return (body as { readonly spec: Readonly<Record<string, unknown>> }).spec[name];
  };
  const node = "/api/v1/nodes/node-a";
  const extra = "/api/v1/namespaces/shop/configmaps/extra";
  const manifest = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "extra", namespace: "shop" }, data: {} };
  return {
    method: [
      native("cordon", "nodes/cordon", { name: "node-a" }),
      native("make", "objects/create", { manifest }),
      native("taint", "nodes/taint", { name: "node-a", key: "broken", effect: "NoExecute" }),
    ],
    flags: ["--kubeconfig", server.kubeconfigFile],
    left: async () => [
      ...((await field(node, "unschedulable")) === true ? ["node-a is cordoned"] : []),
      ...((((await field(node, "taints")) as readonly unknown[] | undefined)?.length ?? 0) ? ["node-a is tainted"] : []),
      ...((await server.call("GET", extra)).code === 404 ? [] : ["there is an object more"]),
    ],
  };
}

/** A connection through a fault proxy that is slow. */
async function connections(t: TestContext): Promise<Kind> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const proxy = await proxyUnderTest(t);
  await proxy.before("web", (server.address() as AddressInfo).port);
  const show = async (): Promise<{ readonly enabled: boolean; readonly toxics: readonly unknown[] }> =>
    (await proxy.call("GET", "/proxies/web")).body as never;
  return {
    method: [native("slow", "proxy/toxic", { control: proxy.control, proxy: "web", type: "latency", attributes: { latency: 200 } })],
    flags: [],
    left: async () => ((await show()).toxics.length > 0 ? ["a toxic is there"] : []),
  };
}
