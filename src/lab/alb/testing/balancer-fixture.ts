import { createServer, request, type IncomingHttpHeaders, type RequestListener, type Server } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer, type Socket } from "node:net";
import { systemClock, systemRandom } from "../../../kernel/index.ts";
import type { Log } from "../../../telemetry/index.ts";
import { LoadBalancer } from "../load-balancer.ts";
import type { LoadBalancerConfig } from "../config.ts";
import { parseLoadBalancer } from "../parse-config.ts";

/** A log that lets a test wait for what the load balancer did: each line makes the waiting conditions be looked at again. */
export class WatchedLog implements Log {
  readonly #waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];

  info(): void {
    for (const waiter of this.#waiting.filter((entry) => entry.holds())) waiter.resolve();
  }

  warn(): void {
    this.info();
  }

  debug(): void {}

  error(): void {}

  child(): Log {
    return this;
  }

  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push({ holds, resolve });
    });
  }
}

/** A target that can be made to misbehave; closes with its test. */
export interface TestTarget {
  readonly port: number;
  readonly id: string;
  close(): Promise<void>;
}

/** An HTTP target; `answer` serves everything, health checks too. */
export async function startTarget(answer: RequestListener): Promise<TestTarget> {
  const server = createServer({ keepAliveTimeout: 60_000 }, answer);
  return listenAt(server, () => server.closeAllConnections());
}

/** A target of bare bytes: `onData` gets each connection and what came on it. */
export async function startRawTarget(onData: (socket: Socket, text: string) => void, allowHalfOpen = false): Promise<TestTarget> {
  const sockets = new Set<Socket>();
  const server = createTcpServer({ allowHalfOpen }, (socket) => {
    sockets.add(socket);
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.on("data", (bytes) => onData(socket, bytes.toString("latin1")));
  });
  return listenAt(server, () => sockets.forEach((socket) => socket.destroy()));
}

async function listenAt(server: Server | TcpServer, cut: () => void): Promise<TestTarget> {
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    id: "127.0.0.1",
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
}

export interface BalancerFixture {
  readonly alb: LoadBalancer;
  readonly log: WatchedLog;
  readonly port: number;
  /** The state of the one target group's target number `index`. */
  stateOf(index: number): string | undefined;
  until(holds: () => boolean): Promise<void>;
  /** Configures it anew, with some parts of what it has changed. */
  change(to: (config: LoadBalancerConfig) => object): Promise<void>;
  /** Registers these in its target group and deregisters all others. */
  withTargets(left: readonly TestTarget[]): Promise<void>;
}

/** Settings that differ from the usual test balancer: one node, one group `web`, checks every 200 ms. */
export interface FixtureOptions {
  readonly group?: object;
  readonly healthCheck?: object;
  readonly attributes?: object;
  readonly listener?: object;
  readonly nodes?: readonly object[];
  readonly balancer?: object;
}

/** A started load balancer over `targets`, all in zone `a`. */
export async function startBalancer(targets: readonly TestTarget[], options: FixtureOptions = {}): Promise<BalancerFixture> {
  const log = new WatchedLog();
  const first = {
    name: "test",
    nodes: options.nodes ?? [{ zone: "a", address: "127.0.0.1" }],
    attributes: options.attributes ?? {},
    targetGroups: [
      {
        name: "web",
        healthCheck: {
          path: "/readyz",
          intervalMs: 200,
          timeoutMs: 200,
          healthyThreshold: 2,
          unhealthyThreshold: 2,
          ...options.healthCheck,
        },
        targets: withZone(targets),
        ...options.group,
      },
    ],
    listeners: [{ port: 0, defaultAction: { type: "forward", targetGroups: [{ name: "web" }] }, ...options.listener }],
    ...options.balancer,
  };
  const config = parseLoadBalancer(first, "");
  const alb = new LoadBalancer(config, { clock: systemClock, random: systemRandom, log });
  await alb.start();
  return {
    alb,
    log,
    port: alb.ports[0] ?? 0,
    stateOf: (index) => alb.state().targetGroups[0]?.targets[index]?.state,
    until: (holds) => log.until(holds),
    change: (to) => alb.apply(parseLoadBalancer({ ...first, ...to(alb.config) }, "")),
    withTargets: (left) =>
      alb.apply({ ...alb.config, targetGroups: alb.config.targetGroups.map((group) => ({ ...group, targets: withZone(left) })) }),
  };
}

function withZone(targets: readonly TestTarget[]): { readonly id: string; readonly port: number; readonly zone: string }[] {
  return targets.map(({ id, port }) => ({ id, port, zone: "a" }));
}

export interface TestAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One request on a connection of its own. Rejects when the connection dies before the answer is whole. */
export function get(
  port: number,
  options: {
    readonly path?: string;
    readonly method?: string;
    readonly headers?: Record<string, string>;
    readonly address?: string;
    readonly body?: string;
  } = {},
): Promise<TestAnswer> {
  return new Promise((resolve, reject) => {
    const { path = "/", method = "GET", headers = {}, address = "127.0.0.1" } = options;
    const sent = request({ host: address, port, path, method, headers, agent: false }, (answer) => {
      let body = "";
      answer.setEncoding("utf8");
      answer.on("data", (text: string) => {
        body += text;
      });
      answer.on("error", reject);
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }));
    });
    sent.on("error", reject);
    sent.end(options.body);
  });
}
