import { type Socket, connect } from "node:net";
import type { EndpointState } from "../balance/index.ts";
import type { ProxyFailure } from "./failure.ts";

/** Connects to an endpoint. All connections read into one `buffer`: what is read is used up before `onBytes` returns. */
export function connectToEndpoint(endpoint: EndpointState, buffer: Buffer, onBytes: (buffer: Buffer, length: number) => void): Socket {
  return connect({
    host: endpoint.host,
    port: endpoint.port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
    allowHalfOpen: true,
    onread: {
      buffer,
      callback(length, filled) {
        onBytes(filled as Buffer, length);
        return true;
      },
    },
  });
}

/** Errors of this machine, not of the endpoint. */
const LOCAL_ERRORS: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "EADDRNOTAVAIL", "ENOBUFS", "ENOMEM"]);

/** What the error of a connect means. */
export function connectFailureOf(code: string): ProxyFailure {
  if (code === "ECONNREFUSED") return "PROXY_CONNECT_REFUSED";
  if (code === "ETIMEDOUT") return "PROXY_CONNECT_TIMEOUT";
  return LOCAL_ERRORS.has(code) ? "PROXY_LOCAL_LIMIT" : "PROXY_CONNECT_FAILED";
}
