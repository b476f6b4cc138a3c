import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ProxyOptionsInput } from "../../src/proxy/index.ts";
import { RawClient, RawServer } from "../../src/proxy/testing/raw-peers.ts";
import type { FamilyDump } from "../../src/telemetry/index.ts";

const PROGRAM = fileURLToPath(new URL("flooded-proxy.ts", import.meta.url));
const PATIENCE_MS = 60_000;
const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\n\r\nok";
const BIG = `HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n${"b".repeat(100_000)}`;
const ENDLESS = "HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n";

interface Report {
  readonly memoryBytes: number;
  readonly connections: number;
  readonly metrics: readonly FamilyDump[];
}

/**
 * A proxy in a process of its own, before a back end that answers `/endless` without end, `/big` with 100 kB, a POST
 * never, and the rest with two bytes.
 */
export class Flooded {
  readonly clients: RawClient[] = [];
  readonly #child: ChildProcess;
  readonly #backEnd: RawServer;
  readonly port: number;

  private constructor(child: ChildProcess, backEnd: RawServer, port: number) {
    this.#child = child;
    this.#backEnd = backEnd;
    this.port = port;
  }

  static async start(options: ProxyOptionsInput): Promise<Flooded> {
    const backEnd = await new RawServer().listen();
    const piece = Buffer.alloc(65_536, 0x78);
    backEnd.onData = (connection) => {
      for (let request = connection.takeRequest(); request !== undefined; request = connection.takeRequest()) {
        if (request.startsWith("POST")) continue;
        const isEndless = request.startsWith("GET /endless");
        connection.send(isEndless ? ENDLESS : request.startsWith("GET /big") ? BIG : OK);
        const more = (): void => {
          while (!connection.socket.destroyed && connection.socket.write(piece));
        };
        if (!isEndless) continue;
        connection.socket.on("drain", more);
        more();
      }
    };
    const child = fork(PROGRAM, [String(backEnd.port), JSON.stringify({ tickMs: 50, ...options })], { execArgv: ["--expose-gc"] });
    const [{ port }] = (await once(child, "message")) as [{ port: number }];
    return new Flooded(child, backEnd, port);
  }

  /** Opens so many connections and sends on each. */
  open(count: number, text: string): readonly RawClient[] {
    const opened = Array.from({ length: count }, () => new RawClient(this.port).send(text));
    this.clients.push(...opened);
    return opened;
  }

  async report(): Promise<Report> {
    this.#child.send("report");
    const [report] = (await once(this.#child, "message")) as [Report];
    return report;
  }

  /** Waits until a report holds; another client asks for something in between and must get it. Returns that report and the greatest memory. */
  async until(holds: (report: Report) => boolean): Promise<{ readonly report: Report; readonly peakBytes: number }> {
    let peakBytes = 0;
    const endMs = performance.now() + PATIENCE_MS;
    for (;;) {
      await this.serveOthers();
      const report = await this.report();
      peakBytes = Math.max(peakBytes, report.memoryBytes);
      if (holds(report)) return { report, peakBytes };
      if (performance.now() > endMs) assert.fail(`not so after ${PATIENCE_MS / 1_000} s: ${JSON.stringify(nonZero(report))}`);
    }
  }

  /** A client that keeps its connection gets its answer. */
  async serveOthers(): Promise<void> {
    this.#other ??= this.open(1, "")[0];
    const other = this.#other as RawClient;
    other.clear();
    other.send(GET);
    assert.equal(await other.until(/ok$/), OK);
  }
  #other: RawClient | undefined = undefined;

  async close(): Promise<void> {
    for (const client of this.clients) client.close();
    const gone = once(this.#child, "exit");
    this.#child.disconnect();
    await gone;
    await this.#backEnd.close();
  }
}

/** Value of the series of a report with this label, or without any; 0 when it is not there. */
export function valueOf({ metrics }: Report, name: string, label?: string): number {
  const family = metrics.find((one) => one.name === name);
  return family?.series.find(({ labelValues }) => label === undefined || labelValues[0] === label)?.values[0] ?? 0;
}

export function failuresOf(report: Report, cause: string): number {
  return valueOf(report, "holdfast_proxy_failures_total", cause);
}

function nonZero({ connections, metrics }: Report): object {
  const series = metrics.flatMap(({ name, series: all }) =>
    all.map(({ labelValues, values }) => [`${name}{${labelValues.join()}}`, values[0]] as const),
  );
  return { connections, ...Object.fromEntries(series.filter(([, value]) => value !== 0)) };
}
