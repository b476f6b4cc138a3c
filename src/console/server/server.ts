import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { AppError, type Clock, messageOf } from "../../kernel/index.ts";
import type { Log } from "../../telemetry/index.ts";
import type { ConsoleActions, ConsoleFrame, ConsoleSnapshot } from "../contract.ts";
import { type Asset, loadAssets } from "./assets.ts";
import { readTarget, runAction } from "./change.ts";
import { changeComponent, type ConsoleComponents } from "./components.ts";
import { EventStreams, STREAMS_LIMIT } from "./events.ts";
import { checkChange, checkHost, formatHost, type GuardOptions, isLoopback } from "./guard.ts";
import { API_INDEX, readResource } from "./resources.ts";

export interface ConsoleServerOptions {
  /** `address` is 127.0.0.1 unless told otherwise; port 0 takes a free one. */
  readonly listen: { readonly address?: string; readonly port: number };
  /** What an action must carry; made at random when left out. */
  readonly token?: string;
  /** More Host headers to answer to, for a name in front of the console. */
  readonly allowedHosts?: readonly string[];
  /** The page as built by scripts/build-console.ts. */
  readonly uiDirectory: string;
  /** Between two frames of the stream; 250 ms, and never less. */
  readonly frameIntervalMs?: number;
  /** Called at most once per frame interval, and only while somebody looks. */
  readonly snapshot: () => ConsoleSnapshot;
  readonly actions: ConsoleActions;
  /** Left out where there is none to tell of. */
  readonly components?: ConsoleComponents;
}

export interface ConsoleServer {
  /**
   * Listens. Resolves to the address to open. Off the loopback the page does not carry the token, the address does
   * (after `#`, which browsers do not send): who only finds the port may look, and change nothing.
   * @throws AppError CONSOLE_LISTEN
   */
  start(): Promise<{ readonly url: string; readonly port: number; readonly token: string }>;
  /** Serves a connection that came another way than to the address listened on. */
  accept(socket: Socket): void;
  /** Ends every stream and stops listening; idempotent. */
  close(): Promise<void>;
}

const FRAME_INTERVAL_MS = 250;
const SECURITY_HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};
const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  CONSOLE_BODY: 400,
  CONSOLE_BODY_TOO_LARGE: 413,
  CONSOLE_TARGET: 422,
  CONSOLE_NO_ACTION: 404,
  CONSOLE_ACTION_DISABLED: 409,
  CONSOLE_NOT_FOUND: 404,
  LAB_NO_SUCH_COMPONENT: 404,
  LAB_FAULT_FAILED: 409,
};

/** The console: the page, its stream, its JSON, its actions. */
export function createConsoleServer(options: ConsoleServerOptions, deps: { readonly log: Log; readonly clock: Clock }): ConsoleServer {
  const address = options.listen.address ?? "127.0.0.1";
  const token = options.token ?? randomBytes(24).toString("base64url");
  let guard: GuardOptions = {
    address,
    port: options.listen.port,
    token,
    allowedHosts: (options.allowedHosts ?? []).map((host) => host.toLowerCase()),
  };
  let assets: ReadonlyMap<string, Asset> = new Map();
  let sequence = 0;
  const takeFrame = (): ConsoleFrame => ({ sequence: ++sequence, snapshot: options.snapshot(), actions: options.actions.list() });
  const streams = new EventStreams(takeFrame, Math.max(FRAME_INTERVAL_MS, options.frameIntervalMs ?? 0), deps);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refused = checkHost(guard, request.headers.host);
    if (refused !== null) return sendJson(response, refused.status, refused);
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    if (path.startsWith("/api/actions/"))
      return change(request, response, async () => doAction(request, path.slice("/api/actions/".length)));
    if (path.startsWith("/api/components/"))
      return change(request, response, async () => changeComponent(options.components, path.slice("/api/components/".length), request));
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("allow", "GET, HEAD");
      return sendJson(response, 405, { code: "CONSOLE_METHOD", message: "only actions and components take anything but GET" });
    }
    if (path === "/api/events") return openStream(response);
    if (path === "/api" || path.startsWith("/api/")) return readApi(response, path);
    return sendAsset(request, response, assets.get(path), assets.size > 0);
  }

  function openStream(response: ServerResponse): void {
    if (streams.size >= STREAMS_LIMIT) {
      return sendJson(response, 503, { code: "CONSOLE_BUSY", message: `${STREAMS_LIMIT} pages are open already; close one` });
    }
    streams.add(response);
  }

  function readApi(response: ServerResponse, path: string): void {
    const [name = "", key, more] = path.slice("/api/".length).split("/");
    if (path === "/api" || name === "") return sendJson(response, 200, API_INDEX);
    if (path === "/api/components" && options.components !== undefined) return sendJson(response, 200, options.components.list());
    const decoded = key === undefined ? undefined : decode(key);
    const isWellFormed = more === undefined && (key === undefined || decoded !== undefined);
    const value = isWellFormed ? readResource(takeFrame(), name, decoded) : undefined;
    if (value === undefined)
      return sendJson(response, 404, { code: "CONSOLE_NOT_FOUND", message: "there is nothing at this path; GET /api lists what there is" });
    sendJson(response, 200, value);
  }

  async function change(request: IncomingMessage, response: ServerResponse, run: () => Promise<string>): Promise<void> {
    if (request.method !== "POST") {
      response.setHeader("allow", "POST");
      return sendJson(response, 405, { code: "CONSOLE_METHOD", message: "a change is made by POST" });
    }
    const refused = checkChange(guard, request.headers);
    if (refused !== null) return sendJson(response, refused.status, refused);
    const message = await run();
    deps.log.info({ path: request.url, message }, "changed from the console");
    sendJson(response, 200, { message });
  }

  async function doAction(request: IncomingMessage, name: string): Promise<string> {
    return runAction(options.actions, options.snapshot, name, await readTarget(request));
  }

  const server = createServer({ maxHeaderSize: 16 * 1024, requestTimeout: 10_000, headersTimeout: 10_000 }, (request, response) => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    answer(request, response).catch((thrown: unknown) => fail(response, thrown, deps.log));
  });

  return {
    async start() {
      assets = await loadAssets(options.uiDirectory, isLoopback(address) ? token : "");
      const port = await listen(server, address, options.listen.port);
      guard = { ...guard, port };
      const shown = address === "0.0.0.0" ? "127.0.0.1" : address === "::" ? "[::1]" : formatHost(address);
      return { url: `http://${shown}:${port}/${isLoopback(address) ? "" : `#token=${token}`}`, port, token };
    },
    accept(socket) {
      server.emit("connection", socket);
    },
    async close() {
      streams.close();
      if (!server.listening) return;
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

function listen(server: Server, address: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (thrown: NodeJS.ErrnoException): void => {
      const hint = thrown.code === "EADDRINUSE" ? "the port is in use; choose another with --port" : messageOf(thrown);
      reject(new AppError("CONSOLE_LISTEN", `the console cannot listen on ${formatHost(address)}:${port}: ${hint}`, { cause: thrown }));
    };
    server.once("error", failed);
    server.listen(port, address, () => {
      server.off("error", failed);
      const bound = server.address();
      resolve(typeof bound === "object" && bound !== null ? bound.port : port);
    });
  });
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(`${JSON.stringify(value)}\n`);
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": body.length,
    "cache-control": "no-store",
  });
  response.end(body);
}

function sendAsset(request: IncomingMessage, response: ServerResponse, asset: Asset | undefined, isBuilt: boolean): void {
  if (asset === undefined) {
    const message = isBuilt
      ? "there is no such page"
      : "the page is not built; run `npm run build:console` in the checkout (the API under /api works)";
    return sendJson(response, isBuilt ? 404 : 503, { code: isBuilt ? "CONSOLE_NOT_FOUND" : "CONSOLE_NOT_BUILT", message });
  }
  const cache = asset.immutable ? "public, max-age=31536000, immutable" : "no-cache";
  if (request.headers["if-none-match"] === asset.etag) {
    response.writeHead(304, { etag: asset.etag, "cache-control": cache }).end();
    return;
  }
  const takesGzip = /\bgzip\b/.test(request.headers["accept-encoding"] ?? "");
  const body = takesGzip ? asset.gzip : asset.body;
  response.writeHead(200, {
    "content-type": asset.type,
    "content-length": body.length,
    "cache-control": cache,
    etag: asset.etag,
    vary: "accept-encoding",
    ...(takesGzip ? { "content-encoding": "gzip" } : {}),
  });
  response.end(body);
}

function fail(response: ServerResponse, thrown: unknown, log: Log): void {
  const code = thrown instanceof AppError ? thrown.code : "CONSOLE_FAILED";
  log.warn({ code, problem: messageOf(thrown) }, "console request failed");
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const status = Object.hasOwn(STATUS_BY_CODE, code) ? (STATUS_BY_CODE[code] ?? 500) : 500;
  // After a body that was not read to its end the connection cannot be used again.
  if (code === "CONSOLE_BODY_TOO_LARGE") response.setHeader("connection", "close");
  sendJson(response, status, { code, message: messageOf(thrown) });
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
