import type { Random } from "../kernel/index.ts";
import type { Argument } from "./definition.ts";

/** What of a request decides its route; the proxy implements it on the object it keeps per request. */
export interface MatchInput {
  readonly method: string;
  /** `matchPath` of `normalizePath`. */
  readonly matchPath: string;
  /** Lower case, without port and trailing dot (`splitAuthority`). */
  readonly host: string;
  /** The port of the Host field as sent, digits only; empty when none was sent. */
  readonly port: string;
  /** Address of the client without port. */
  readonly clientAddress: string;
  /** Flat `[name, value, …]`. */
  readonly requestHeaders: readonly string[];
  readonly random: Random;
}

/** What lasts for one match: predicates of several routes may share a drawn number. */
export interface MatchState {
  /** One number in [0, 1) per request, drawn when first asked for. */
  segment(input: MatchInput): number;
}

/** A built predicate of one route. */
export interface Predicate {
  matches(input: MatchInput, state: MatchState): boolean;
}

/** What a predicate name stands for. Path, PathSubtree, Host, HostAny and Weight are the table's own and not among them. */
export interface PredicateSpec {
  readonly name: string;
  /** How much one such predicate adds to the weight of its route; 1 when left out. */
  readonly weight?: number;
  /** Throws AppError `ROUTE_ARGUMENT` with a message that names what is expected. */
  create(args: readonly Argument[]): Predicate;
}
