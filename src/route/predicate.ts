import type { Random } from "../kernel/index.ts";
import { CallArguments, Signature } from "./arguments.ts";
import type { CallDocumentation } from "./call-documentation.ts";
import type { Argument } from "./definition.ts";

/**
 * What of a request decides its route; the proxy implements it on the object it keeps per request. All but the first four are
 * looked up when a predicate asks for them, so that they cost nothing where none does.
 */
export interface MatchInput {
  readonly method: string;
  /** `matchPath` of `normalizePath`. */
  readonly matchPath: string;
  /** Lower case, without port and trailing dot (`splitAuthority`). */
  readonly host: string;
  /** The port of the Host field as sent, digits only; empty when none was sent. */
  readonly port: string;
  /** What stands behind `?`, as sent; empty when there is none. */
  readonly query: string;
  /** Address of the client without port. */
  readonly clientAddress: string;
  /** X-Forwarded-For as a trusted proxy sent it, all lines as one value; undefined when there is none that is believed. */
  readonly forwardedFor: string | undefined;
  /** Flat `[name, value, …]`, all fields as they came. */
  readonly requestHeaders: readonly string[];
  readonly random: Random;
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
  /** Whether this process was told to end and only finishes what it has. */
  readonly isDraining: boolean;
  /** Of a request that a filter made of another: the label it was given; empty for a client's. */
  readonly teeLabel: string;
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
  readonly documentation?: CallDocumentation;
  /** How much one such predicate adds to the weight of its route; 1 when left out. */
  readonly weight?: number;
  /** Throws AppError `ROUTE_ARGUMENT` with a message that names what is expected. */
  create(args: readonly Argument[]): Predicate;
}

/** How one of ours is written down: its parameters are checked before `create` is called. */
export interface PredicateDefinition extends Omit<CallDocumentation, "source"> {
  readonly name: string;
  /** Left out: the section of this name in Skipper's docs/reference/predicates.md. */
  readonly source?: string;
  readonly weight?: number;
  create(args: CallArguments): Predicate;
}

/** The spec of a definition. */
export function definePredicate(definition: PredicateDefinition): PredicateSpec {
  const { name, weight, create, source, ...documented } = definition;
  const documentation: CallDocumentation = { ...documented, source: source ?? skipperPage("predicates", name) };
  const signature = new Signature(documented.parameters);
  const spec = { name, documentation, create: (args: readonly Argument[]) => create(new CallArguments(signature, args)) };
  return weight === undefined ? spec : { ...spec, weight };
}

/** A section of Skipper's reference. */
export function skipperPage(page: "predicates" | "filters", section: string): string {
  return `https://opensource.zalando.com/skipper/reference/${page}/#${section.toLowerCase()}`;
}
