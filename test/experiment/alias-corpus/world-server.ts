import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { parse } from "yaml";
import { type TestApiServer, startApiServer } from "../../../src/lab/apiserver/testing/index.ts";

/** An API server that a world is made in. */
export type WorldServer = Pick<TestApiServer, "call" | "kubeconfigFile"> & AsyncDisposable;

/** With the folder of a real control plane (tools/real-control-plane.sh; nothing but etcd and the API server of it runs) that one, else the lab's. */
export async function openWorldServer(folder: string | undefined): Promise<WorldServer> {
  if (folder === undefined) return startApiServer();
  const kubeconfigFile = join(folder, "kubeconfig");
  const { clusters } = parse(readFileSync(kubeconfigFile, "utf8")) as { clusters: { cluster: { server: string } }[] };
  const pem = (name: string): Buffer => readFileSync(join(folder, "pki", name));
  const tls = { ca: pem("ca.crt"), cert: pem("admin.crt"), key: pem("admin.key") };
  return {
    kubeconfigFile,
    async call(method, path, body, headers = {}) {
      const sent = request((clusters[0]?.cluster.server ?? "") + path, {
        ...tls,
        method,
        agent: false,
        headers: { "content-type": "application/json", ...headers },
      });
      sent.end(body === undefined ? "" : JSON.stringify(body));
      const [response] = (await once(sent, "response")) as [IncomingMessage];
      const received = await text(response);
      const isJson = response.headers["content-type"]?.startsWith("application/json") === true;
      return { code: response.statusCode ?? 0, body: isJson ? (JSON.parse(received) as unknown) : received };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
