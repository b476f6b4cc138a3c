import { existsSync, readFileSync } from "node:fs";

import { type Clock, messageOf } from "../../kernel/index.ts";
import type { TlsFront, TlsMaterial } from "../../proxy/index.ts";
import type { Log } from "../../telemetry/index.ts";
import type { TlsListener } from "../listeners.ts";
import { decodeTlsPairs } from "../tls-pairs.ts";
import { type CertificateFiles, readCertificateFiles, readSmall, signatureOf } from "./certificate-files.ts";

/** How often the files are looked at. */
const LOOK_MS = 2_000;
/** Expiry is counted again although nothing changed. */
const EXPIRY_MS = 3_600_000;

/** Keeps a TLS listener in step with its files. What is broken is told, and what was there before serves on. */
export class TlsFiles {
  readonly #options: TlsListener;
  readonly #secretsFile: string | undefined;
  readonly #front: TlsFront;
  readonly #clock: Clock;
  readonly #log: Log;
  #ticketKey: Uint8Array;
  #signature = "";
  #countedMs = 0;
  /** What was wrong the last time: it is told once. */
  #told = "";

  /** `secretsFile`: where the control process leaves the certificates of Secrets; it may not be there yet. */
  constructor(
    options: TlsListener & { readonly secretsFile: string | undefined },
    front: TlsFront,
    ticketKey: Uint8Array,
    deps: { readonly clock: Clock; readonly log: Log },
  ) {
    this.#options = options;
    this.#secretsFile = options.secretsFile;
    this.#front = front;
    this.#ticketKey = ticketKey;
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  /** Reads the files now, then again whenever they change. */
  start(): void {
    this.#look();
    this.#clock.timer(LOOK_MS, () => this.start());
  }

  setTicketKey(ticketKey: Uint8Array): void {
    this.#ticketKey = ticketKey;
    this.#front.setTicketKey(ticketKey);
  }

  #look(): void {
    const { folder, clientAuthoritiesFile } = this.#options;
    const nowMs = this.#clock.monoMs();
    const files = [clientAuthoritiesFile, this.#secretsFile].filter((file) => file !== undefined);
    const signature = signatureOf(folder, files);
    if (signature === this.#signature) {
      if (nowMs - this.#countedMs >= EXPIRY_MS) {
        this.#countedMs = nowMs;
        this.#front.countExpiry(this.#clock.wallMs());
      }
      return;
    }
    this.#countedMs = nowMs;
    try {
      const { pairs, problems } = this.#read();
      // A folder that can not be read for now says nothing about its certificates.
      if (pairs.length === 0 && problems.length > 0) throw new Error(problems.join("; "));
      const refused = this.#front.update(this.#material(pairs), this.#clock.wallMs());
      this.#signature = signature;
      this.#tell([...problems, ...refused]);
      this.#log.info({ folder, certificates: pairs.length }, "certificates read");
    } catch (error) {
      this.#tell([`${messageOf(error)}; those of before are served on`]);
    }
  }

  #read(): CertificateFiles {
    const { folder } = this.#options;
    const found = folder === undefined ? { pairs: [], problems: [] } : readCertificateFiles(folder);
    if (this.#secretsFile === undefined || !existsSync(this.#secretsFile)) return found;
    return { ...found, pairs: [...found.pairs, ...decodeTlsPairs(readFileSync(this.#secretsFile, "utf8"))] };
  }

  #tell(problems: readonly string[]): void {
    const text = problems.join("\n");
    if (text !== "" && text !== this.#told) {
      this.#log.warn({ folder: this.#options.folder, problems: problems.slice(0, 20) }, "certificates are not served as they are");
    }
    this.#told = text;
  }

  #material(certificates: TlsMaterial["certificates"]): TlsMaterial {
    const { clientCertificates, clientAuthoritiesFile } = this.#options;
    return {
      certificates,
      defaultName: "default",
      clientCertificates,
      ...(clientAuthoritiesFile === undefined ? {} : { clientAuthorities: readSmall(clientAuthoritiesFile) }),
      ticketKey: this.#ticketKey,
    };
  }
}
