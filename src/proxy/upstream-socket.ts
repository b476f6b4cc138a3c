import { type LookupFunction, type Socket, connect, isIP } from "node:net";
import type { ConnectionOptions, SecureContext } from "node:tls";
import type { EndpointState } from "../balance/index.ts";
import type { ProxyFailure } from "./failure.ts";
import { ADDRESS_DENIED, LOOKUP_LIMIT } from "./guarded-lookup.ts";

/** How endpoints prove who they are where they are spoken to over TLS. */
export interface UpstreamTlsOptions {
  /** PEM; in place of the authorities that Node brings. */
  readonly authorities: string | undefined;
  /** False: anybody is believed to be the endpoint. */
  readonly isVerified: boolean;
}

/** Made when the first endpoint needs it: the authorities take a while to read. */
const contexts = new WeakMap<UpstreamTlsOptions, SecureContext>();

/** Where a connection's bytes go. All plain connections read into one `buffer`: what is read is used up before `onBytes` returns. */
export interface BytesReader {
  readonly buffer: Buffer;
  readonly onBytes: (buffer: Buffer, length: number) => void;
}

/** Connects to an endpoint; it is connected at the event `connect`, over TLS `secureConnect`. `header` is sent before anything else. */
export function connectToEndpoint(
  endpoint: EndpointState,
  tls: UpstreamTlsOptions,
  { buffer, onBytes }: BytesReader,
  header: Buffer | undefined,
): Socket {
  if (endpoint.isTls) {
    const socket = connectSecurely(endpoint, tls, "http/1.1", header);
    socket.on("data", (data: Buffer) => onBytes(data, data.length));
    return socket;
  }
  const socket = connect({
    host: endpoint.host,
    port: endpoint.port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
    allowHalfOpen: true,
    ...lookupOf(endpoint),
    onread: {
      buffer,
      callback(length, filled) {
        onBytes(filled as Buffer, length);
        return true;
      },
    },
  });
  if (header !== undefined) socket.write(header);
  return socket;
}

/** Connects to an endpoint that is spoken to in HTTP/2; nothing is read yet. */
export function connectForHttp2(endpoint: EndpointState, tls: UpstreamTlsOptions, header: Buffer | undefined): Socket {
  return endpoint.isTls ? connectSecurely(endpoint, tls, "h2", header) : connectPlainly(endpoint, header);
}

function connectPlainly(endpoint: EndpointState, header: Buffer | undefined): Socket {
  const { host, port } = endpoint;
  const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000, ...lookupOf(endpoint) });
  if (header !== undefined) socket.write(header);
  return socket;
}

function connectSecurely(
  endpoint: EndpointState,
  tls: UpstreamTlsOptions,
  protocol: "http/1.1" | "h2",
  header: Buffer | undefined,
): Socket {
  const { host, port } = endpoint;
  // node:tls is read where it is used: a worker without it starts sooner (by 60 ms, measured on a busy machine).
  const { connect: connectTls, createSecureContext } = process.getBuiltinModule("node:tls");
  let secureContext = contexts.get(tls);
  if (secureContext === undefined) {
    secureContext = createSecureContext({ minVersion: "TLSv1.2", ...(tls.authorities === undefined ? {} : { ca: tls.authorities }) });
    contexts.set(tls, secureContext);
  }
  const options: ConnectionOptions & { readonly allowHalfOpen: boolean } = {
    host,
    port,
    ...lookupOf(endpoint),
    ...(header === undefined ? {} : { socket: connectPlainly(endpoint, header) }),
    secureContext,
    rejectUnauthorized: tls.isVerified,
    // RFC 6066 section 3: an address is no server name; the certificate must name it all the same.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ALPNProtocols: [protocol],
    allowHalfOpen: protocol === "http/1.1",
  };
  const socket = connectTls(options);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 30_000);
  return socket;
}

function lookupOf({ lookup }: EndpointState): { readonly lookup?: LookupFunction } {
  return lookup === undefined ? {} : { lookup };
}

/** Errors of this machine, not of the endpoint. */
const LOCAL_ERRORS: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "EADDRNOTAVAIL", "ENOBUFS", "ENOMEM", LOOKUP_LIMIT]);

/** Codes of node:tls and of OpenSSL's verification (X509_V_ERR_…) for who is not whom he should be, or speaks otherwise. */
const TLS_ERROR =
  /^(?:ERR_TLS_|ERR_SSL_|CERT_|CRL_|DEPTH_|ERROR_IN_|HOSTNAME_|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_|SELF_SIGNED|SUBJECT_ISSUER_|UNABLE_TO_)/;

/** What the error of a connect means. */
export function connectFailureOf(code: string): ProxyFailure {
  if (code === "ECONNREFUSED") return "PROXY_CONNECT_REFUSED";
  if (TLS_ERROR.test(code)) return "PROXY_UPSTREAM_TLS";
  if (code === "ETIMEDOUT") return "PROXY_CONNECT_TIMEOUT";
  if (code === ADDRESS_DENIED) return "PROXY_DYNAMIC_DENIED";
  return LOCAL_ERRORS.has(code) ? "PROXY_LOCAL_LIMIT" : "PROXY_CONNECT_FAILED";
}
