import { Pool } from "undici";
import type { ClientCertificate } from "./certificate-source.ts";

/** Where the API server is and how both sides prove who they are. */
export interface ConnectionOptions {
  /** `https://host:port`, without a path. */
  readonly origin: string;
  /** PEM of the authorities that sign the server's certificate; the system's when left out. */
  readonly ca?: string;
  /** Name expected in the server's certificate, where it is not the host of `origin`. */
  readonly tlsServerName?: string;
  readonly insecureSkipTlsVerify?: boolean;
  readonly connectTimeoutMs: number;
}

/** The connections to one API server. */
export interface Connections {
  /** Those that show this certificate. With another one than before, connections are made anew, and the old ones end with what is under way on them. */
  showing(certificate: ClientCertificate | undefined): Pool;
  /** Breaks off everything under way. */
  close(): Promise<void>;
}

/**
 * A watch may say nothing for a minute while its other side is gone without a word (a node cut off, a NAT entry that ran out). The kernels find that out
 * between them: after so long without a packet, and ten probes a second apart (as libuv sets them), the connection is reset. It costs the API server no request.
 */
const KEEP_ALIVE_MS = 15_000;
const IDLE_MS = 30_000;

/** Over undici, with HTTP/2 off: idle HTTP/2 sessions under watches have leaked memory and hung (nodejs/undici#5381). */
export function createConnections(options: ConnectionOptions): Connections {
  const retired = new Set<Pool>();
  let current: { readonly certificate: ClientCertificate | undefined; readonly pool: Pool } | undefined;

  function open(certificate: ClientCertificate | undefined): Pool {
    return new Pool(options.origin, {
      allowH2: false,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: IDLE_MS,
      connect: {
        timeout: options.connectTimeoutMs,
        keepAliveInitialDelay: KEEP_ALIVE_MS,
        ...(options.ca === undefined ? {} : { ca: options.ca }),
        ...(options.tlsServerName === undefined ? {} : { servername: options.tlsServerName }),
        ...(options.insecureSkipTlsVerify === true ? { rejectUnauthorized: false } : {}),
        ...(certificate === undefined ? {} : { cert: certificate.cert, key: certificate.key }),
      },
    });
  }

  function retire(pool: Pool): void {
    retired.add(pool);
    const forget = (): void => void retired.delete(pool);
    pool.close().then(forget, forget);
  }

  return {
    showing(certificate) {
      if (current === undefined || current.certificate !== certificate) {
        if (current !== undefined) retire(current.pool);
        current = { certificate, pool: open(certificate) };
      }
      return current.pool;
    },
    async close() {
      const pools = [...retired, ...(current === undefined ? [] : [current.pool])];
      await Promise.all(pools.map((pool) => pool.destroy()));
    },
  };
}
