import { type X509Certificate, createHash, hkdfSync } from "node:crypto";
import type { Socket } from "node:net";
import type { Server, TLSSocket } from "node:tls";
import { AppError, messageOf } from "../../kernel/index.ts";
import type { Log } from "../../telemetry/index.ts";
import type { HandshakeFailure, ListenerMetrics } from "../listener-metrics.ts";
import {
  CertificateIndex,
  type CertificatePair,
  type ServingCertificate,
  type Validity,
  contextOptions,
  openCertificates,
  validityOf,
} from "./certificates.ts";

/** What a TLS listener is known by; may change while it serves. */
export interface TlsMaterial {
  readonly certificates: readonly CertificatePair[];
  /** The pair for clients that name no host, or one that no certificate is for; without it these get no handshake. */
  readonly defaultName: string;
  /** `required`: no handshake without a certificate that an authority below vouches for. `optional`: none with one that no authority does. */
  readonly clientCertificates: "off" | "optional" | "required";
  /** PEM; must be there unless `clientCertificates` is `off`. */
  readonly clientAuthorities?: string;
  /** 48 secret bytes shared by all workers: whoever holds them reads session tickets. Without them each worker takes its own tickets only. */
  readonly ticketKey?: Uint8Array;
}

export interface TlsFrontOptions {
  /** Whether HTTP/2 is offered beside HTTP/1.1 (ALPN). */
  readonly http2: boolean;
  /** From the accepted connection to the end of the handshake. */
  readonly handshakeMs: number;
  /** Handshakes under way at once. */
  readonly handshakes: number;
}

export const defaultTlsFrontOptions: TlsFrontOptions = Object.freeze({ http2: true, handshakeMs: 10_000, handshakes: 2_000 });

const TICKET_KEY_BYTES = 48;
/** A ticket is worth no more than the key it is encrypted with (RFC 8446 section 4.6.1: at most seven days). */
const SESSION_SECONDS = 7_200;

/** A certificate in use that has to be renewed. */
export interface EndingCertificate extends Pick<ServingCertificate, "name" | "hosts" | "expiresAtMs"> {
  readonly validity: Exclude<Validity, "valid">;
}

/** How many certificates in use are valid for how long, and those that are not for long, soonest first. */
export interface CertificateValidity {
  readonly counts: Readonly<Record<Validity, number>>;
  readonly ending: readonly EndingCertificate[];
}

/** Called with the socket of a finished handshake, and the certificate by which its client proved who it is. */
type OnSecure = (socket: TLSSocket, clientCertificate: X509Certificate | undefined) => void;

interface Pending {
  readonly socket: Socket;
  readonly onSecure: OnSecure;
}

/**
 * The handshakes of one listener. Certificates change by making all contexts anew and swapping them between two handshakes: connections,
 * and handshakes under way, keep what they started with.
 */
export class TlsFront {
  readonly #options: TlsFrontOptions;
  readonly #metrics: ListenerMetrics;
  readonly #log: Log;
  readonly #pending = new Map<string, Pending>();
  #server: Server | undefined = undefined;
  #index = new CertificateIndex([], "");
  #fingerprint = "";

  constructor(options: TlsFrontOptions, deps: { readonly metrics: ListenerMetrics; readonly log: Log }) {
    this.#options = options;
    this.#metrics = deps.metrics;
    this.#log = deps.log;
  }

  get handshakes(): number {
    return this.#pending.size;
  }

  /**
   * Takes new material; of a pair that can not be used the one of before stays. Returns what was wrong. Throws AppError `PROXY_TLS` when
   * the authorities for clients can not be read: without them nobody could be told from anybody.
   */
  update(material: TlsMaterial): readonly string[] {
    const { certificates: pairs, defaultName, clientCertificates, ticketKey } = material;
    const clientAuthorities = clientCertificates === "off" ? undefined : material.clientAuthorities;
    if (clientCertificates !== "off" && clientAuthorities === undefined)
      throw new AppError("PROXY_TLS", "client certificates are asked for and there are no authorities to check them against");
    const fingerprint = createHash("sha256")
      .update(`${clientCertificates}\n${clientAuthorities ?? ""}`)
      .digest("hex");
    const options = { clientAuthorities };
    // What was opened with other authorities would let in whom these do not know.
    const { certificates, problems } = openCertificates(pairs, options, fingerprint === this.#fingerprint ? this.#index.certificates : []);
    const index = new CertificateIndex(certificates, defaultName);
    const server = this.#createServer(index, options, clientCertificates);
    if (ticketKey !== undefined) server.setTicketKeys(ticketKeyOf(ticketKey, fingerprint));
    this.#server = server;
    this.#index = index;
    this.#fingerprint = fingerprint;
    this.#metrics.certificateProblems.add(problems.length);
    return problems;
  }

  /** Takes another key for tickets; those made with the one of before are good for a full handshake only. */
  setTicketKey(ticketKey: Uint8Array): void {
    this.#server?.setTicketKeys(ticketKeyOf(ticketKey, this.#fingerprint));
  }

  /** What of the certificates in use is valid now, also for the metrics; to be asked for after each change and now and then. */
  validity(wallMs: number): CertificateValidity {
    const counts = { valid: 0, expiring: 0, expired: 0 };
    const ending: EndingCertificate[] = [];
    for (const { name, hosts, expiresAtMs } of this.#index.certificates) {
      const validity = validityOf({ expiresAtMs }, wallMs);
      counts[validity]++;
      if (validity !== "valid") ending.push({ name, hosts, expiresAtMs, validity });
    }
    const { certificates } = this.#metrics;
    certificates.valid.set(counts.valid);
    certificates.expiring.set(counts.expiring);
    certificates.expired.set(counts.expired);
    return { counts, ending: ending.toSorted((left, right) => left.expiresAtMs - right.expiresAtMs) };
  }

  /** Starts a handshake; the socket is closed when it fails. */
  accept(socket: Socket, onSecure: OnSecure): void {
    const server = this.#server;
    if (server === undefined || this.#pending.size >= this.#options.handshakes) {
      this.#metrics.handshakeFailed("limit");
      socket.destroy();
      return;
    }
    const key = keyOf(socket);
    socket.on("close", () => {
      if (this.#pending.get(key)?.socket === socket) this.#pending.delete(key);
    });
    this.#pending.set(key, { socket, onSecure });
    server.emit("connection", socket);
  }

  /** Ends the handshakes under way. */
  close(): void {
    for (const { socket } of this.#pending.values()) socket.destroy();
  }

  #createServer(
    index: CertificateIndex,
    options: { readonly clientAuthorities: string | undefined },
    ask: TlsMaterial["clientCertificates"],
  ): Server {
    const fallback = index.fallback;
    const { createServer } = process.getBuiltinModule("node:tls");
    const server = createServer({
      ...contextOptions(options),
      ALPNProtocols: this.#options.http2 ? ["h2", "http/1.1"] : ["http/1.1"],
      handshakeTimeout: this.#options.handshakeMs,
      sessionTimeout: SESSION_SECONDS,
      sessionIdContext: "holdfast",
      requestCert: ask !== "off",
      // Decided below, where it is known why and can be counted.
      rejectUnauthorized: false,
      allowHalfOpen: true,
      pauseOnConnect: true,
      ...(fallback === undefined ? {} : { cert: fallback.pair.certificate, key: fallback.pair.key }),
      SNICallback(serverName, answer) {
        const found = index.find(serverName);
        if (found === undefined) answer(new AppError("PROXY_TLS_NAME", `no certificate for ${serverName}`));
        else answer(null, found.context);
      },
    });
    server.on("secureConnection", (socket) => this.#secured(socket, ask));
    server.on("tlsClientError", (error: NodeJS.ErrnoException, socket) => {
      this.#metrics.handshakeFailed(failureOf(error));
      this.#log.debug({ error: messageOf(error) }, "TLS handshake failed");
      socket.destroy();
    });
    return server;
  }

  #secured(socket: TLSSocket, ask: TlsMaterial["clientCertificates"]): void {
    const key = keyOf(socket);
    const pending = this.#pending.get(key);
    this.#pending.delete(key);
    if (pending === undefined) {
      socket.destroy();
      return;
    }
    // A resumed session without a certificate counts as authorized for Node: only one that is there says who it is.
    const shown = ask === "off" ? undefined : socket.getPeerX509Certificate();
    if (shown === undefined ? ask === "required" : !socket.authorized) {
      this.#metrics.handshakeFailed("clientCertificate");
      socket.destroy();
      return;
    }
    socket.disableRenegotiation();
    (socket.isSessionReused() ? this.#metrics.resumedHandshakes : this.#metrics.fullHandshakes).add();
    pending.onSecure(socket, shown);
  }
}

/** A connection, while it lives, is the only one with its two ends. */
function keyOf(socket: Socket): string {
  return `${socket.remoteAddress ?? ""} ${socket.remotePort ?? 0} ${socket.localAddress ?? ""} ${socket.localPort ?? 0}`;
}

/** Tickets vouch for the client certificate that was checked: other authorities, other tickets. */
function ticketKeyOf(secret: Uint8Array, fingerprint: string): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, "", `holdfast session tickets ${fingerprint}`, TICKET_KEY_BYTES));
}

function failureOf(error: NodeJS.ErrnoException): HandshakeFailure {
  const code = error.code ?? "";
  if (code === "PROXY_TLS_NAME") return "name";
  if (code === "ERR_TLS_HANDSHAKE_TIMEOUT") return "timeout";
  if (code === "ECONNRESET" || code === "EPIPE") return "closed";
  return /PEER_DID_NOT_RETURN_A_CERTIFICATE|CERTIFICATE_VERIFY_FAILED|SELF_SIGNED|UNABLE_TO_|CERT_/.test(code)
    ? "clientCertificate"
    : "protocol";
}
