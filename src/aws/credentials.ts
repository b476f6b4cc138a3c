import type { AwsCredentialIdentity } from "@smithy/types";
import { AppError, type Clock, messageOf } from "../kernel/index.ts";
import { withDeadline } from "../call/index.ts";
import type { Log } from "../telemetry/index.ts";

/** Finds credentials anew: from the environment, a web identity (IRSA), EKS Pod Identity, or the instance. */
export type CredentialsSource = () => Promise<AwsCredentialIdentity>;

export interface CredentialsDeps {
  readonly clock: Clock;
  readonly log: Log;
}

/** So long before they expire new ones are looked for, as the SDK does. */
const AHEAD_MS = 5 * 60_000;
/** After a search that failed while the old ones still hold. */
const AGAIN_MS = 30_000;
const SEARCH_TIMEOUT_MS = 20_000;

/**
 * The credentials of all clients. The SDK keeps some for each client, asks for them without a limit of time, and does not look for others
 * when AWS refuses them before they expire.
 */
export class Credentials {
  readonly #source: CredentialsSource;
  readonly #deps: CredentialsDeps;
  #held: AwsCredentialIdentity | undefined;
  #isRefused = false;
  #nextSearchMs = 0;
  #search: Promise<AwsCredentialIdentity> | undefined;

  constructor(source: CredentialsSource, deps: CredentialsDeps) {
    this.#source = source;
    this.#deps = deps;
  }

  /** What the clients take as `credentials`: the mark keeps them from keeping what it answers. */
  readonly provider = Object.assign((): Promise<AwsCredentialIdentity> => this.#current(), { memoized: true });

  /** AWS refused those that are held. */
  refuse(): void {
    this.#isRefused = true;
  }

  /** Rejects with AppError `AWS_CREDENTIALS`. */
  async #current(): Promise<AwsCredentialIdentity> {
    const { clock, log } = this.#deps;
    const held = this.#held;
    const leftMs = (held?.expiration?.getTime() ?? Infinity) - clock.wallMs();
    const isGood = held !== undefined && !this.#isRefused && leftMs > 0;
    if (isGood && (leftMs > AHEAD_MS || clock.monoMs() < this.#nextSearchMs)) return held;
    try {
      this.#search ??= this.#find().finally(() => {
        this.#search = undefined;
      });
      return await this.#search;
    } catch (error) {
      if (!isGood) throw error;
      this.#nextSearchMs = clock.monoMs() + AGAIN_MS;
      log.warn({ leftSeconds: Math.round(leftMs / 1000), reason: messageOf(error) }, "credentials of AWS cannot be renewed");
      return held;
    }
  }

  async #find(): Promise<AwsCredentialIdentity> {
    try {
      const found = await withDeadline(this.#deps.clock, SEARCH_TIMEOUT_MS, undefined, () => this.#source());
      this.#held = found;
      this.#isRefused = false;
      return found;
    } catch (thrown) {
      throw new AppError(
        "AWS_CREDENTIALS",
        `no credentials of AWS: ${messageOf(thrown)}; give the service account a role (IRSA or EKS Pod Identity), the instance a profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`,
        { retry: "safe", cause: thrown },
      );
    }
  }
}
