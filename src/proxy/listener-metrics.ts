import type { Cell, MetricsRegistry } from "../telemetry/index.ts";
import type { ProxyHeaderFault } from "./proxy-protocol.ts";

const PROXY_HEADER_FAULTS: readonly ProxyHeaderFault[] = ["malformed", "tooLarge", "checksum", "untrusted", "timeout", "closed"];

/** Why a TLS handshake did not come to its end. */
export type HandshakeFailure = "timeout" | "closed" | "name" | "clientCertificate" | "protocol" | "limit";

const HANDSHAKE_FAILURES: readonly HandshakeFailure[] = ["timeout", "closed", "name", "clientCertificate", "protocol", "limit"];

/** What is counted of connections before they carry requests. Label values are closed sets. */
export class ListenerMetrics {
  readonly #proxyHeaders: ReadonlyMap<ProxyHeaderFault, Cell>;
  readonly #handshakeFailures: ReadonlyMap<HandshakeFailure, Cell>;
  readonly fullHandshakes: Cell;
  readonly resumedHandshakes: Cell;
  readonly certificates: Readonly<Record<"valid" | "expiring" | "expired", Cell>>;
  readonly certificateProblems: Cell;

  constructor(registry: MetricsRegistry) {
    const headers = registry.counter("holdfast_proxy_header_failures_total", "Connections closed for their PROXY header, by cause.", [
      "cause",
    ]);
    this.#proxyHeaders = new Map(PROXY_HEADER_FAULTS.map((cause) => [cause, headers.with(cause)] as const));
    const failed = registry.counter("holdfast_tls_handshake_failures_total", "TLS handshakes that failed, by cause.", ["cause"]);
    this.#handshakeFailures = new Map(HANDSHAKE_FAILURES.map((cause) => [cause, failed.with(cause)] as const));
    const done = registry.counter("holdfast_tls_handshakes_total", "TLS handshakes that succeeded.", ["resumed"]);
    this.fullHandshakes = done.with("false");
    this.resumedHandshakes = done.with("true");
    const states = registry.gauge("holdfast_tls_certificates", "Certificates in use, in all workers; expiring: within two weeks.", [
      "state",
    ]);
    this.certificates = { valid: states.with("valid"), expiring: states.with("expiring"), expired: states.with("expired") };
    this.certificateProblems = registry
      .counter("holdfast_tls_certificate_problems_total", "Certificates that were not taken as they came, at each change of them.")
      .with();
  }

  proxyHeader(cause: ProxyHeaderFault): void {
    this.#proxyHeaders.get(cause)?.add();
  }

  handshakeFailed(cause: HandshakeFailure): void {
    this.#handshakeFailures.get(cause)?.add();
  }
}
