import { AppError, assertNever } from "../kernel/index.ts";
import type { Backend } from "./definition.ts";

/** What an endpoint is spoken to in: HTTP/1.1, the same over TLS, HTTP/2 over TLS, HTTP/2 without. */
export type BackendScheme = "http" | "https" | "h2" | "h2c";

/** Where to connect. */
export interface BackendAddress {
  readonly scheme: BackendScheme;
  /** A name or address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Availability zone, given as `?zone=`. */
  readonly zone: string | undefined;
}

const ADDRESS =
  /^(https?|h2c?):\/\/(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::([0-9]{1,5}))?(?:\/[^?#]*)?(?:\?zone=([A-Za-z0-9_.-]*))?$/;

/**
 * Reads `http://10.2.3.4:8080`, `https://example.org`, `h2c://grpc.example.org:50051` or `http://[2001:db8::1]:8080`. A path is ignored, as Skipper does:
 * what is sent on is the path of the request. Throws AppError `ROUTE_BACKEND`.
 */
export function parseBackendAddress(text: string): BackendAddress {
  const address = findBackendAddress(text);
  if (address !== undefined) return address;
  const shown = text.length > 80 ? `${text.slice(0, 77)}…` : text;
  const hint = text.startsWith("fastcgi:")
    ? "and there will not be FastCGI: put a web server that speaks HTTP before the application (docs/reference/filters.md, the end)"
    : 'write "http://HOST:PORT"';
  throw new AppError("ROUTE_BACKEND", `"${shown}" is no back end; ${hint}`);
}

/** As {@link parseBackendAddress}; undefined for what is none. */
export function findBackendAddress(text: string): BackendAddress | undefined {
  const [, scheme, literal, name, port, zone] = ADDRESS.exec(text) ?? [];
  const number = port === undefined ? (scheme === "https" || scheme === "h2" ? 443 : 80) : Number(port);
  const host = literal ?? name;
  if (host === undefined || number < 1 || number > 65_535) return undefined;
  return { scheme: scheme as BackendScheme, host, port: number, zone: zone === "" ? undefined : zone };
}

/**
 * The back end with its addresses as `scheme://host:port` and nothing else; of several, as `scheme://host:port?zone=ZONE` where they name
 * a zone. Throws AppError `ROUTE_BACKEND` when requests could not be sent to it as it is written.
 */
export function readBackend(backend: Backend): Backend {
  switch (backend.type) {
    case "network":
      return { type: "network", address: readAddress(backend.address) };
    case "loadBalanced": {
      if (backend.endpoints.length === 0) throw new AppError("ROUTE_BACKEND", "a load-balanced back end has at least one endpoint");
      return { type: "loadBalanced", algorithm: backend.algorithm, endpoints: backend.endpoints.map(readEndpoint) };
    }
    case "pool":
    case "shunt":
    case "loopback":
    case "dynamic":
    case "forward":
      return backend;
    default:
      return assertNever(backend);
  }
}

function readAddress(text: string): string {
  return formatBackendAddress(parseBackendAddress(text));
}

function readEndpoint(text: string): string {
  const address = parseBackendAddress(text);
  return `${formatBackendAddress(address)}${address.zone === undefined ? "" : `?zone=${address.zone}`}`;
}

/** As endpoints are written: `scheme://host:port`. */
export function formatBackendAddress({ scheme, host, port }: Pick<BackendAddress, "scheme" | "host" | "port">): string {
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
