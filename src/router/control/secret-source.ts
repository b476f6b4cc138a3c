import type { CertificatePair } from "../../proxy/index.ts";
import { type World, defaultConvertOptions, tlsSecretsOf } from "../../ingress/index.ts";
import { type KubeObject, kinds } from "../../kube/index.ts";
import type { ObjectProblem } from "../messages.ts";
import { TLS_PAIRS_STATE, encodeTlsPairs } from "../tls-pairs.ts";
import { type Mirror, type MirrorDeps, createMirror } from "./mirror.ts";
import type { SourceDeps } from "./source.ts";
import { type TlsSecret, readTlsSecret, restoreTlsSecret } from "./tls-secrets.ts";

/**
 * The certificates that Ingresses and RouteGroups ask for, from Secrets to the snapshot folder, where workers read them. Secrets are
 * believed as all kinds are: one that vanishes without proof, or breaks, serves on as it was.
 */
export class SecretSource {
  readonly mirror: Mirror<TlsSecret>;
  readonly #deps: Pick<SourceDeps, "log" | "publisher">;
  #written = "";
  #missing: readonly ObjectProblem[] = [];
  #running: Promise<void> = Promise.resolve();

  /** `onGood` hears of each Secret that can be served. */
  constructor(mirrorDeps: MirrorDeps, deps: Pick<SourceDeps, "log" | "publisher">, onGood: (object: KubeObject) => void) {
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
  }

  /** Secrets that are asked for and not there. */
  get problems(): readonly ObjectProblem[] {
    return this.#missing;
  }

  /** Hands out what is asked for, one after the other. `world` gives undefined while nothing may be concluded from what it lacks. */
  serve(world: () => World | undefined): Promise<void> {
    this.#running = this.#running.then(() => this.#serve(world()));
    return this.#running;
  }

  async #serve(world: World | undefined): Promise<void> {
    if (world === undefined || !this.mirror.isKnown) return;
    const pairs: CertificatePair[] = [];
    const missing: ObjectProblem[] = [];
    for (const [name, owner] of tlsSecretsOf(world, defaultConvertOptions)) {
      const secret = this.mirror.accepted.get(name)?.value;
      if (secret !== undefined) pairs.push({ name, ...secret });
      else
        missing.push({ object: owner, message: `no Secret ${name} of type kubernetes.io/tls that can be served`, lastGoodServes: false });
    }
    this.#missing = missing;
    const text = encodeTlsPairs(pairs.toSorted((left, right) => (left.name < right.name ? -1 : 1)));
    if (text === this.#written || !(await this.#deps.publisher.keepState(TLS_PAIRS_STATE, text))) return;
    this.#written = text;
    this.#deps.log.info({ certificates: pairs.length, missing: missing.length }, "certificates of Secrets handed out");
  }
}
