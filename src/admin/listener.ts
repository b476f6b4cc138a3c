import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import { AppError, messageOf } from "../kernel/index.ts";
import { type Sensitivity, isLoopbackAddress, refusal } from "./guard.ts";

/** Where people and machines ask a process of ours how it is. */
export interface AdminListener {
  readonly port: number;
  readonly close: () => void;
}

/** What is answered at a path. `HEAD` is answered as `GET`. */
export interface AdminEndpoint {
  readonly method: "GET" | "POST";
  readonly path: RegExp;
  readonly sensitivity: Sensitivity;
  /** What it throws is answered with 400 if it is `ADMIN_REQUEST`, else with 500. */
  readonly answer: (exchange: AdminExchange) => void | Promise<void>;
}

export interface AdminExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** What the groups of the path matched. */
  readonly groups: readonly string[];
}

export interface AdminOptions {
  readonly address: { readonly host: string; readonly port: number };
  /** Bearer token for what is not open to all. */
  readonly token: string | undefined;
  readonly endpoints: readonly AdminEndpoint[];
  /** Said of a path that is none. */
  readonly hint: string;
}

export const TEXT_TYPE = "text/plain; charset=utf-8";

/** Listens. Rejects with AppError `ADMIN_LISTEN` when the address cannot be had. */
export function openAdminListener({ address, token, endpoints, hint }: AdminOptions): Promise<AdminListener> {
  const guard = { isLoopback: isLoopbackAddress(address.host), token, listener: "the admin listener", tokenFlag: "--admin-token-file" };
  const server = createServer(
    { requestTimeout: 10_000, headersTimeout: 5_000, keepAliveTimeout: 75_000, maxHeaderSize: 16_384 },
    (request, response) => {
      const url = URL.parse(request.url ?? "", "http://admin");
      const method = request.method === "HEAD" ? "GET" : request.method;
      const matching = endpoints
        .map((endpoint) => ({ endpoint, match: endpoint.path.exec(url?.pathname ?? "") }))
        .filter(({ match }) => match !== null);
      const found = matching.find(({ endpoint }) => endpoint.method === method);
      if (url === null || found === undefined) {
        if (matching.length > 0) response.setHeader("allow", matching.map(({ endpoint }) => endpoint.method).join(", "));
        send(response, matching.length > 0 ? 405 : 404, TEXT_TYPE, `${hint}\n`);
        return;
      }
      const refused = refusal(request, found.endpoint.sensitivity, guard);
      if (refused !== undefined) {
        sendJson(response, refused.status, { error: refused.message });
        return;
      }
      const exchange: AdminExchange = { request, response, url, groups: found.match?.slice(1) ?? [] };
      new Promise<void>((resolve) => resolve(found.endpoint.answer(exchange))).catch((error: unknown) => {
        if (response.headersSent) response.destroy();
        else sendJson(response, error instanceof AppError && error.code === "ADMIN_REQUEST" ? 400 : 500, { error: messageOf(error) });
      });
    },
  );
  server.maxConnections = 256;
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const place = `${address.host}:${address.port}`;
      const message = `the admin listener cannot listen on ${place} (${messageOf(error)}); choose another with --admin ADDR:PORT`;
      reject(new AppError("ADMIN_LISTEN", message, { cause: error }));
    });
    server.listen({ host: address.host, port: address.port }, () => {
      server.on("error", () => {});
      const bound = server.address();
      resolve({
        port: typeof bound === "object" && bound !== null ? bound.port : address.port,
        close() {
          server.close();
          server.closeAllConnections();
        },
      });
    });
  });
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  send(response, status, "application/json", `${JSON.stringify(body, null, 2)}\n`);
}

export function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(body);
}
