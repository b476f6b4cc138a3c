import type { CertificateValidity } from "../proxy/index.ts";
import type { Log } from "../telemetry/index.ts";

/** How the certificates of a worker's TLS listener stand. */
export interface CertificateStatus extends CertificateValidity {
  /** What is not served as it is in its file or Secret; one line each. */
  readonly problems: readonly string[];
}

/**
 * What workers say of their certificates, told once for all of them: they read the same files within two seconds of each other, so that what
 * was said last is how it is.
 */
export class CertificateWatch {
  readonly #log: Pick<Log, "warn" | "error">;
  #latest: CertificateStatus | undefined = undefined;
  /** Of each certificate that ends, what was said of it. */
  #told: ReadonlySet<string> = new Set();
  #toldProblems = "";

  constructor(log: Pick<Log, "warn" | "error">) {
    this.#log = log;
  }

  /** Undefined before a worker with a TLS listener has said anything. */
  get latest(): CertificateStatus | undefined {
    return this.#latest;
  }

  take(status: CertificateStatus): void {
    this.#latest = status;
    const told = new Set<string>();
    for (const { name, hosts, expiresAtMs, validity } of status.ending) {
      const key = `${name} ${expiresAtMs} ${validity}`;
      told.add(key);
      if (this.#told.has(key)) continue;
      const fields = { certificate: name, hosts: hosts.slice(0, 10), expiresAt: new Date(expiresAtMs).toISOString() };
      if (validity === "expired") this.#log.error(fields, "certificate has expired, it is served all the same: renew it");
      else this.#log.warn(fields, "certificate expires within two weeks: renew it");
    }
    this.#told = told;
    const problems = status.problems.join("\n");
    if (problems !== "" && problems !== this.#toldProblems)
      this.#log.warn({ problems: status.problems.slice(0, 20) }, "certificates are not served as they are");
    this.#toldProblems = problems;
  }
}
