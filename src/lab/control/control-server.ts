import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { AppError, messageOf } from "../../kernel/index.ts";
import type { Log } from "../../telemetry/index.ts";

/** The largest request body that a control API reads. */
const BODY_LIMIT_BYTES = 1_048_576;

export interface ControlServerOptions {
  /** A loopback address. */
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  /** Every request carries `Authorization: Bearer TOKEN`. */
  readonly token: string;
}

/** What a control route gets: the parts of the path that were `:name`, the query, and the JSON body (undefined without one). */
export interface ControlRequest {
  readonly params: ReadonlyMap<string, string>;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

/**
 * One operation of a control API. `handle` answers what is sent as JSON with 200; what it throws is sent as
 * `{code, message}` with 404 for a code that ends in `_NOT_FOUND`, 409 for `_IN_USE` and `_CONFLICT`, 400 for any other AppError.
 */
export interface ControlRoute {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** `/target-groups/:name/register` */
  readonly path: string;
  handle(request: ControlRequest): unknown;
}

/** @throws AppError CONTROL_NOT_LOOPBACK, CONTROL_LISTEN */
export async function startControlServer(
  options: ControlServerOptions,
  routes: readonly ControlRoute[],
  log: Log,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  if (!/^127\.\d+\.\d+\.\d+$|^::1$/.test(options.host)) {
    throw new AppError(
      "CONTROL_NOT_LOOPBACK",
      `control.host ${options.host}: the control API listens on loopback only; use an address of 127.0.0.0/8`,
    );
  }
  const wanted = digest(`Bearer ${options.token}`);
  const server = createServer((request, response) => {
    answer(request, response, { routes, wanted, log }).catch((error: unknown) => {
      log.error({ error: messageOf(error), path: request.url }, "control request failed");
      if (response.headersSent) response.destroy();
      else send(response, 500, { code: "CONTROL_INTERNAL", message: messageOf(error) });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => {
      reject(
        new AppError("CONTROL_LISTEN", `control API cannot listen on ${options.host}:${options.port}: ${messageOf(error)}`, {
          cause: error,
        }),
      );
    });
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface AnswerContext {
  readonly routes: readonly ControlRoute[];
  readonly wanted: Buffer;
  readonly log: Log;
}

async function answer(request: IncomingMessage, response: ServerResponse, context: AnswerContext): Promise<void> {
  if (!timingSafeEqual(digest(request.headers.authorization ?? ""), context.wanted)) {
    send(response, 401, { code: "CONTROL_UNAUTHORIZED", message: "send Authorization: Bearer TOKEN with the lab's control token" });
    return;
  }
  const url = URL.parse(request.url ?? "/", "http://control");
  const found = url === null ? undefined : findRoute(context.routes, request.method ?? "", url.pathname);
  if (url === null || found === undefined) {
    send(response, 404, { code: "CONTROL_NOT_FOUND", message: `no operation ${request.method ?? ""} ${request.url ?? ""}` });
    return;
  }
  try {
    const body = await readJson(request);
    send(response, 200, (await found.route.handle({ params: found.params, query: url.searchParams, body })) ?? {});
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    send(response, statusOf(error.code), { code: error.code, message: error.message });
  }
}

function findRoute(
  routes: readonly ControlRoute[],
  method: string,
  path: string,
): { route: ControlRoute; params: Map<string, string> } | undefined {
  const given = path.split("/");
  for (const route of routes) {
    const parts = route.path.split("/");
    if (route.method !== method || parts.length !== given.length) continue;
    const params = new Map<string, string>();
    const isMatch = parts.every((part, index) => {
      const text = given[index] ?? "";
      if (!part.startsWith(":")) return part === text;
      params.set(part.slice(1), text);
      return text !== "";
    });
    if (isMatch) return { route, params };
  }
  return undefined;
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > BODY_LIMIT_BYTES) throw new AppError("CONTROL_BODY_TOO_LARGE", `the body is larger than ${BODY_LIMIT_BYTES} bytes`);
    chunks.push(chunk);
  }
  if (sizeBytes === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8")) as unknown;
  } catch (error) {
    throw new AppError("CONTROL_BAD_JSON", `the body is not JSON: ${messageOf(error)}`, { cause: error });
  }
}

function statusOf(code: string): number {
  if (code.endsWith("_NOT_FOUND")) return 404;
  if (code.endsWith("_IN_USE") || code.endsWith("_CONFLICT")) return 409;
  return 400;
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  response.end(text);
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
