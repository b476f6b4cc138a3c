import { X509Certificate } from "node:crypto";
import { type SecureContext, type SecureContextOptions, createSecureContext } from "node:tls";
import { AppError, messageOf } from "../../kernel/index.ts";
import { certificateHosts } from "../../x509/index.ts";
import type { CertificateConfig, ListenerTls } from "./config.ts";

/** A certificate and what it is chosen by. */
interface Candidate {
  readonly certificate: string;
  readonly privateKey: string;
  readonly hosts: readonly string[];
  readonly keyType: "ec" | "rsa";
  readonly keyBits: number;
  readonly validMs: number;
}

/** The sizes of the curves that AWS takes. */
const CURVE_BITS: Readonly<Record<string, number>> = { prime256v1: 256, secp384r1: 384, secp521r1: 521 };

/**
 * The certificates of a listener and which of them a client gets (page "SSL certificates for your Application Load
 * Balancer"): the first of the list for no name or a name that none has; of several for one name the best: ECDSA before
 * RSA, then the longest key, then the longest validity. AWS also looks at what the client can do. Node does not tell what that is
 * and takes one certificate for a name: a client that can do RSA only has to do without a certificate of ECDSA for its name.
 */
export class ServerCertificates {
  readonly #tls: ListenerTls;
  readonly #candidates: readonly Candidate[];
  readonly #contexts = new Map<Candidate, SecureContext>();

  /** Throws AppError ALB_BAD_TLS for a key that is not its certificate's, and for ciphers that are none. */
  constructor(tls: ListenerTls, certificates: readonly CertificateConfig[]) {
    this.#tls = tls;
    this.#candidates = tls.certificates.flatMap((arn) => {
      const found = certificates.find((certificate) => certificate.arn === arn);
      return found === undefined ? [] : this.#checked(found);
    });
  }

  /** For clients that send no name, and for names that no certificate has. */
  get defaultOptions(): SecureContextOptions {
    return this.#options(this.#candidates[0]);
  }

  /** For a name that a client sends (RFC 6066 section 3); undefined where the default is meant. */
  contextFor(serverName: string): SecureContext | undefined {
    const name = serverName.toLowerCase();
    const chosen = best(this.#candidates.filter(({ hosts }) => hosts.some((host) => isFor(host, name))));
    if (chosen === undefined) return undefined;
    const known = this.#contexts.get(chosen);
    if (known !== undefined) return known;
    const context = createSecureContext(this.#options(chosen));
    this.#contexts.set(chosen, context);
    return context;
  }

  #checked(config: CertificateConfig): Candidate {
    try {
      const candidate = candidateOf(config);
      createSecureContext(this.#options(candidate));
      return candidate;
    } catch (thrown) {
      throw new AppError("ALB_BAD_TLS", `certificate ${config.arn}: cannot be used with the listener's ciphers (${messageOf(thrown)})`, {
        cause: thrown,
      });
    }
  }

  #options(chosen: Candidate | undefined): SecureContextOptions {
    const { minVersion, maxVersion, ciphers } = this.#tls;
    return {
      cert: chosen?.certificate,
      key: chosen?.privateKey,
      minVersion,
      maxVersion,
      ciphers,
      honorCipherOrder: true,
    };
  }
}

function candidateOf({ certificate, privateKey }: CertificateConfig): Candidate {
  const x509 = new X509Certificate(certificate);
  const { asymmetricKeyType, asymmetricKeyDetails } = x509.publicKey;
  return {
    certificate,
    privateKey,
    hosts: certificateHosts(x509),
    keyType: asymmetricKeyType === "ec" ? "ec" : "rsa",
    keyBits: asymmetricKeyDetails?.modulusLength ?? CURVE_BITS[asymmetricKeyDetails?.namedCurve ?? ""] ?? 0,
    validMs: x509.validToDate.getTime() - x509.validFromDate.getTime(),
  };
}

function best(candidates: readonly Candidate[]): Candidate | undefined {
  const isElliptic = ({ keyType }: Candidate): number => (keyType === "ec" ? 1 : 0);
  return candidates.toSorted(
    (one, other) => isElliptic(other) - isElliptic(one) || other.keyBits - one.keyBits || other.validMs - one.validMs,
  )[0];
}

/** A wildcard stands for one label. */
function isFor(host: string, name: string): boolean {
  return host === name || (host.startsWith("*.") && name.indexOf(".") > 0 && name.slice(name.indexOf(".")) === host.slice(1));
}
