import { fork } from "node:child_process";
import { once } from "node:events";
import type { TestContext } from "node:test";
import { type Clock, systemClock, systemRandom } from "../../src/kernel/index.ts";
import { type Leader, createLeader } from "../../src/kube/lease/leader.ts";
import { type KubeClient, createKubeClient } from "../../src/kube/index.ts";
import { type TestApiServer, startApiServer } from "../../src/lab/apiserver/testing/index.ts";

export const LEASE = { namespace: "default", name: "holdfast-alb-test" } as const;
export const SHORT_TIMES = { leaseDurationSeconds: 2, renewDeadlineMs: 1_200, retryPeriodMs: 200 } as const;

/** A Lease as the tests look at it. */
export interface SeenLease {
  readonly metadata: { readonly resourceVersion: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** An API server, and candidates for one lease of it. */
export async function leaseWorld(t: TestContext) {
  const server: TestApiServer = await startApiServer();
  t.after(() => server.close());
  const path = `/apis/coordination.k8s.io/v1/namespaces/${LEASE.namespace}/leases/${LEASE.name}`;

  function client(guard?: () => void): KubeClient {
    const cluster = { server: server.url, credentials: { type: "token", token: server.adminToken }, namespace: "default" } as const;
    const made = createKubeClient({ cluster, ...(guard === undefined ? {} : { guard }) }, { clock: systemClock, random: systemRandom });
    t.after(() => made.close());
    return made;
  }
  return {
    server,
    client,
    path,
    async lease(): Promise<SeenLease | undefined> {
      const { code, body } = await server.call("GET", path);
      return code === 200 ? (body as SeenLease) : undefined;
    },
    candidate(identity: string, clock: Clock = systemClock): Leader {
      const leader = createLeader({ ...LEASE, ...SHORT_TIMES, identity }, { client: client(), clock, random: systemRandom });
      t.after(() => leader.release());
      leader.start();
      return leader;
    },
    /** A candidate that is a process of its own and writes ConfigMaps `IDENTITY-NUMBER` while it may. */
    writer(identity: string) {
      const child = fork(new URL("lease-writer.ts", import.meta.url), [server.url, server.adminToken, identity], { silent: true });
      let said = "";
      child.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString()));
      child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
      t.after(async () => {
        const ended = once(child, "close");
        child.kill("SIGKILL");
        child.kill("SIGCONT");
        await ended;
      });
      return { child, said: () => said };
    },
  };
}
