import { existsSync, readFileSync } from "node:fs";

import { type Clock, messageOf } from "../../kernel/index.ts";
import type { TlsFront, TlsMaterial } from "../../proxy/index.ts";
import type { Log } from "../../telemetry/index.ts";
import type { CertificateStatus } from "../certificate-status.ts";
import type { TlsListener } from "../listeners.ts";
import { decodeTlsPairs } from "../tls-pairs.ts";
import { type CertificateFiles, readCertificateFiles, readSmall, signatureOf } from "./certificate-files.ts";

/** How often the files are looked at. */
const LOOK_MS = 2_000;
/** Validity is looked at again although nothing changed. */
const VALIDITY_MS = 3_600_000;
/** Certificates that end, and problems, that are told of. */
const TOLD = 100;

/** Keeps a TLS listener in step with its files. What is broken is told, and what was there before serves on. */
export class TlsFiles {
  readonly #options: TlsListener;
  readonly #secretsFile: string | undefined;
  readonly #front: TlsFront;
  readonly #clock: Clock;
  readonly #log: Log;
  #ticketKey: Uint8Array;
  #signature = "";
  #saidMs = 0;
  /** What is wrong with the files as they are. */
  #problems: readonly string[] = [];
  readonly #say: (status: CertificateStatus) => void;

  /** `secretsFile`: where the control process leaves the certificates of Secrets; it may not be there yet. `say` hears how the certificates stand. */
  constructor(
    options: TlsListener & { readonly secretsFile: string | undefined },
    front: TlsFront,
    ticketKey: Uint8Array,
    deps: { readonly clock: Clock; readonly log: Log; readonly say: (status: CertificateStatus) => void },
  ) {
    this.#options = options;
    this.#secretsFile = options.secretsFile;
    this.#front = front;
    this.#ticketKey = ticketKey;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#say = deps.say;
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
      if (nowMs - this.#saidMs >= VALIDITY_MS) this.#tell();
      return;
    }
    try {
      const { pairs, problems } = this.#read();
      // A folder that can not be read for now says nothing about its certificates.
      if (pairs.length === 0 && problems.length > 0) throw new Error(problems.join("; "));
      const refused = this.#front.update(this.#material(pairs));
      this.#signature = signature;
      this.#problems = [...problems, ...refused];
      this.#log.info({ folder, certificates: pairs.length }, "certificates read");
    } catch (error) {
      this.#problems = [`${messageOf(error)}; those of before are served on`];
    }
    this.#tell();
  }

  #read(): CertificateFiles {
    const { folder } = this.#options;
    const found = folder === undefined ? { pairs: [], problems: [] } : readCertificateFiles(folder);
    if (this.#secretsFile === undefined || !existsSync(this.#secretsFile)) return found;
    return { ...found, pairs: [...found.pairs, ...decodeTlsPairs(readFileSync(this.#secretsFile, "utf8"))] };
  }

  #tell(): void {
    this.#saidMs = this.#clock.monoMs();
    const { counts, ending } = this.#front.validity(this.#clock.wallMs());
    this.#say({ counts, ending: ending.slice(0, TOLD), problems: this.#problems.slice(0, TOLD) });
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
