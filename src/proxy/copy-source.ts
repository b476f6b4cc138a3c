import type { RequestCopy } from "../route/index.ts";
import type { Peer } from "./peer.ts";
import type { CopyOutcome } from "./proxy-metrics.ts";

/** What copies are made of. */
export interface CopySource {
  readonly method: string;
  /** Whose request it is, to which host, and what proxies say of the way it took. */
  readonly authority: string;
  readonly peer: Peer;
  readonly forwardedFor: string | undefined;
  /** Copies that went through the routes so far, of one request and of its copies. */
  readonly looped: { count: number };
}

/** A copy that somebody works on. It calls back once, when it has ended. */
export interface CopyUnderWay {
  begin(): void;
  end(outcome: CopyOutcome): void;
}

/** Makes a copy that goes through the routes; undefined when it can not be sent. */
export type LoopCopy = (
  copy: RequestCopy & { readonly label: string },
  source: CopySource,
  body: Buffer | undefined,
  onEnd: (outcome: CopyOutcome) => void,
) => CopyUnderWay | undefined;
