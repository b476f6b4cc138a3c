import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { AppError, type Clock, messageOf } from "../../kernel/index.ts";
import { type LogQuery, readLog } from "./container-log.ts";
import type { ContainerRunner } from "./container-runner.ts";
import type { PodWorker } from "./pod-worker.ts";

/** What the kubelet's own HTTP API needs of the kubelet. */
export interface LocalApiDeps {
  readonly clock: Clock;
  workers(): readonly PodWorker[];
}

const STOP_GRACE_SECONDS = 10;

/**
 * The kubelet's HTTP API on the node's address, which needs no API server: `GET /healthz`, `GET /pods`,
 * `GET /containerLogs/NAMESPACE/POD/CONTAINER`, and, as `crictl stop` would do on the node,
 * `POST /containers/NAMESPACE/POD/CONTAINER/stop?signal=TERM|KILL`.
 * @throws AppError KUBELET_LISTEN when the address cannot be had.
 */
export async function listenLocalApi(host: string, port: number, deps: LocalApiDeps): Promise<Server> {
  const closing = new AbortController();
  const server = createServer((request, response) => {
    answer(request, response, deps, closing.signal).catch((error: unknown) => {
      if (!response.headersSent) reply(response, 500, `${messageOf(error)}\n`);
      else response.destroy();
    });
  });
  server.on("close", () => closing.abort());
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) =>
      reject(new AppError("KUBELET_LISTEN", `cannot listen on ${host}:${port}: ${messageOf(error)}`, { cause: error })),
    );
    server.listen({ host, port }, resolve);
  });
  return server;
}

async function answer(request: IncomingMessage, response: ServerResponse, deps: LocalApiDeps, closing: AbortSignal): Promise<void> {
  request.resume();
  const url = new URL(request.url ?? "/", "http://kubelet");
  const parts = url.pathname.split("/").slice(1).map(decode);
  const [what, ...rest] = parts;
  if (request.method === "GET" && what === "healthz" && rest.length === 0) return reply(response, 200, "ok");
  if (request.method === "GET" && what === "pods" && rest.length === 0) {
    const items = deps.workers().map((worker) => ({ ...worker.pod, status: { ...worker.pod.status, ...worker.status } }));
    return reply(response, 200, JSON.stringify({ kind: "PodList", apiVersion: "v1", metadata: {}, items }), "application/json");
  }
  if (request.method === "GET" && what === "containerLogs" && rest.length === 3)
    return sendLog(url.searchParams, rest, response, deps, closing);
  if (request.method === "POST" && what === "containers" && rest.length === 4 && rest[3] === "stop")
    return stopContainer(url.searchParams, rest, response, deps);
  return reply(response, 404, "404 page not found\n");
}

function stopContainer(query: URLSearchParams, path: readonly string[], response: ServerResponse, deps: LocalApiDeps): void {
  const signal = query.get("signal") ?? "TERM";
  if (signal !== "TERM" && signal !== "KILL") return reply(response, 400, `signal ${signal}: use TERM or KILL\n`);
  const grace = query.get("grace") ?? String(STOP_GRACE_SECONDS);
  if (!/^\d{1,4}$/.test(grace)) return reply(response, 400, `grace ${grace}: use whole seconds\n`);
  const runner = findContainer(path, deps);
  if (typeof runner === "string") return reply(response, 404, `${runner}\n`);
  if (!runner.isRunning) return reply(response, 409, `container ${runner.container.name} is not running\n`);
  // Like `crictl stop`: the hook is the kubelet's business and does not run.
  const name = signal === "KILL" ? "SIGKILL" : "SIGTERM";
  runner.stop(signal === "KILL" ? 0 : Number(grace) * 1000, {
    hook: false,
    signal: name,
    reason: `Container ${runner.container.name} stopped on the node (${name})`,
  });
  return reply(response, 202, JSON.stringify({ stopping: path.slice(0, 3).join("/"), signal }), "application/json");
}

async function sendLog(
  query: URLSearchParams,
  path: readonly string[],
  response: ServerResponse,
  deps: LocalApiDeps,
  closing: AbortSignal,
): Promise<void> {
  const runner = findContainer(path, deps);
  if (typeof runner === "string") return reply(response, 404, `${runner}\n`);
  const asked = readLogQuery(query, deps.clock);
  if (typeof asked === "string") return reply(response, 400, `${asked}\n`);
  const previous = query.get("previous") === "true";
  const dir = runner.logDir(previous);
  if (!existsSync(join(dir, "log"))) {
    const which = previous
      ? `previous terminated container "${runner.container.name}" in pod "${path[1]}" not found`
      : `container "${runner.container.name}" in pod "${path[1]}" is waiting to start`;
    return reply(response, 400, `${which}\n`);
  }
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  const attempt = runner.record.attempts;
  const isOver = (): boolean => previous || !runner.isRunning || runner.record.attempts !== attempt;
  response.writeHead(200, { "content-type": "text/plain; charset=utf-8" });
  response.flushHeaders();
  for await (const line of readLog(dir, asked, { clock: deps.clock, signal: AbortSignal.any([gone.signal, closing]), isOver })) {
    if (gone.signal.aborted) return;
    if (!response.write(line)) {
      await new Promise<void>((resolve) => {
        response.once("drain", resolve);
        response.once("close", resolve);
      });
    }
  }
  response.end();
}

function readLogQuery(query: URLSearchParams, clock: Clock): LogQuery | string {
  const numbers = new Map<string, number>();
  for (const name of ["tailLines", "sinceSeconds", "limitBytes"]) {
    const text = query.get(name);
    if (text === null || text === "") continue;
    if (!/^\d{1,12}$/.test(text)) return `${name}: must be a whole number, not ${JSON.stringify(text)}`;
    numbers.set(name, Number(text));
  }
  const sinceTime = query.get("sinceTime");
  const sinceTimeMs = sinceTime === null || sinceTime === "" ? undefined : Date.parse(sinceTime);
  if (sinceTimeMs !== undefined && Number.isNaN(sinceTimeMs)) return `sinceTime: must be RFC 3339, not ${JSON.stringify(sinceTime)}`;
  const sinceSeconds = numbers.get("sinceSeconds");
  const sinceMs = sinceTimeMs ?? (sinceSeconds === undefined ? undefined : clock.wallMs() - sinceSeconds * 1000);
  const tailLines = numbers.get("tailLines");
  const limitBytes = numbers.get("limitBytes");
  return {
    follow: query.get("follow") === "true",
    timestamps: query.get("timestamps") === "true",
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(sinceMs === undefined ? {} : { sinceMs }),
  };
}

/** The container, or one line that says what is not there. */
function findContainer(path: readonly string[], deps: LocalApiDeps): ContainerRunner | string {
  const [namespace, pod, container] = path;
  // Of two pods of one name, the one being deleted is the older.
  const named = deps.workers().filter((each) => each.pod.metadata.namespace === namespace && each.pod.metadata.name === pod);
  const worker = named.find((each) => each.goneReason === undefined) ?? named[0];
  if (worker === undefined) return `pod ${namespace}/${pod} is not on this node`;
  return worker.runner(container ?? "") ?? `pod ${namespace}/${pod} has no container ${container}`;
}

function reply(response: ServerResponse, status: number, body: string, type = "text/plain; charset=utf-8"): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) }).end(body);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
