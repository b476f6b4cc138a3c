import type { ObjectProblem, TlsClaim } from "../../ingress/index.ts";
import { type KubeObject, kinds } from "../../kube/index.ts";
import { type Mirror, type MirrorDeps, createMirror } from "../../mirror/index.ts";
import { TLS_PAIRS_STATE, encodeTlsPairs } from "../tls-pairs.ts";
import { assignCertificates } from "./certificate-claims.ts";
import type { SourceDeps } from "./source.ts";
import { type TlsSecret, readTlsSecret, restoreTlsSecret } from "./tls-secrets.ts";

/** Of several certificates for a host one that has expired comes last: it is looked at again although nothing changed. */
const VALIDITY_MS = 3_600_000;

/**
 * The certificates that Ingresses and RouteGroups ask for, from Secrets to the snapshot folder, where workers read them. Secrets are
 * believed as all kinds are: one that vanishes without proof, or breaks, serves on as it was.
 */
export class SecretSource {
  readonly mirror: Mirror<TlsSecret>;
  readonly #deps: Pick<SourceDeps, "clock" | "log" | "publisher">;
  #written = "";
  #problems: readonly ObjectProblem[] = [];
  #running: Promise<void> = Promise.resolve();

  /** `onGood` hears of each Secret that can be served. */
  constructor(mirrorDeps: MirrorDeps, deps: Pick<SourceDeps, "clock" | "log" | "publisher">, onGood: (object: KubeObject) => void) {
    this.#deps = deps;
    this.mirror = createMirror<TlsSecret, TlsSecret>(
      {
        resource: kinds.secrets,
        fieldSelector: "type=kubernetes.io/tls",
        decode(object) {
          const secret = readTlsSecret(object);
          onGood(object);
          return secret;
        },
        restore: restoreTlsSecret,
        toMembers: (sink) => (evidence) => sink(evidence),
      },
      mirrorDeps,
    );
    const again = (): void => {
      deps.clock.timer(VALIDITY_MS, again);
      mirrorDeps.onChange(kinds.secrets.kind, []);
    };
    deps.clock.timer(VALIDITY_MS, again);
  }

  /** What those who ask for certificates do not get. */
  get problems(): readonly ObjectProblem[] {
    return this.#problems;
  }

  /** Hands out what is asked for, one after the other. `claims` gives undefined while nothing may be concluded from what is not claimed. */
  serve(claims: () => readonly TlsClaim[] | undefined): Promise<void> {
    this.#running = this.#running.then(() => this.#serve(claims()));
    return this.#running;
  }

  async #serve(claims: readonly TlsClaim[] | undefined): Promise<void> {
    if (claims === undefined || !this.mirror.isKnown) return;
    const secrets = new Map([...this.mirror.accepted].map(([name, { value }]) => [name, value]));
    const { pairs, problems } = assignCertificates(claims, secrets, this.#deps.clock.wallMs());
    this.#problems = problems;
    const text = encodeTlsPairs(pairs);
    if (text === this.#written || !(await this.#deps.publisher.keepState(TLS_PAIRS_STATE, text))) return;
    this.#written = text;
    this.#deps.log.info({ certificates: pairs.length, problems: problems.length }, "certificates of Secrets handed out");
  }
}
