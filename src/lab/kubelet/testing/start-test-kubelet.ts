import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Log, silentLog } from "../../../telemetry/index.ts";
import { type Kubelet, type KubeletConfig, startKubelet } from "../index.ts";

/** A kubelet in this process, with a folder of its own. */
export interface TestKubelet {
  readonly config: KubeletConfig;
  readonly url: string;
  /** Leaves the containers running and starts a new kubelet over the same folder. */
  restart(): Promise<void>;
  /** Ends it without its containers, until `restart`: a node that nobody hears of. */
  silence(): Promise<void>;
  stop(): Promise<void>;
}

const DEMO_APP = fileURLToPath(new URL("../../demo-app/main.mjs", import.meta.url));

/** `block` is a test's own piece of the loopback range: the node is `127.BLOCK.1.NUMBER`, its pods are `127.BLOCK.(10+NUMBER).x`. */
export async function startTestKubelet(
  api: { readonly url: string; readonly adminToken: string },
  options: { readonly block: number; readonly number: number; readonly log?: Log } & Partial<KubeletConfig>,
): Promise<TestKubelet> {
  const { block, number, log = silentLog, ...overrides } = options;
  const stateDir = mkdtempSync(join(tmpdir(), "holdfast-kubelet-"));
  const address = `127.${block}.1.${number}`;
  const config: KubeletConfig = {
    nodeName: `node-${number}`,
    zone: `eu-central-1${"abc"[number - 1] ?? "a"}`,
    address,
    podBlock: `127.${block}.${10 + number}`,
    api: { server: api.url, token: api.adminToken },
    stateDir,
    images: { "holdfast/demo-app:lab": [process.execPath, DEMO_APP] },
    allocatable: { cpu: "4", memory: "8Gi", pods: "110", "ephemeral-storage": "10Gi" },
    leaseSeconds: 1,
    crashBackoffMs: 500,
    shutdownGraceMs: 1000,
    ...overrides,
  };
  let kubelet: Kubelet = await startKubelet(config, { log });
  let silent = false;
  return {
    config,
    url: `http://${address}:${config.port ?? 10_250}`,
    async restart() {
      if (!silent) await kubelet.abandon();
      kubelet = await startKubelet(config, { log });
      silent = false;
    },
    async silence() {
      await kubelet.abandon();
      silent = true;
    },
    async stop() {
      // One that ended without its containers comes back to end them.
      if (silent) kubelet = await startKubelet(config, { log });
      await kubelet.stop();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
