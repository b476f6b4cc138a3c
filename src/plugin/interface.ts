/**
 * What a plugin of `holdfast router --plugin FILE` is written against (docs/how-to/plugins.md): types only, so that a plugin needs nothing of
 * Holdfast when it runs. Version 1: what is here stays as it is; what is added is optional.
 */
export interface Plugin {
  readonly interfaceVersion: 1;
  readonly filters?: readonly PluginFilter[];
  readonly predicates?: readonly PluginPredicate[];
}

/** As written in the route: a text (also a regular expression), or a number. */
export type PluginArgument = string | number;

/** A filter that routes may name. */
export interface PluginFilter {
  /** A letter, then letters, digits and `_`; none that Holdfast or another plugin has. */
  readonly name: string;
  /** Called for each place of a route where it stands, without I/O. What it throws is the problem of the route, told with its message. */
  create(args: readonly PluginArgument[]): PluginFilterSides;
}

/**
 * What a filter does on the way to the back end and back; shared by all requests of the route. What is thrown is answered with 500, a
 * rejected promise with 503, one that is not settled in 30 s with 504: no request goes on without the filter's word.
 */
export interface PluginFilterSides {
  request?(exchange: PluginExchange): void | Promise<void>;
  response?(exchange: PluginExchange): void | Promise<void>;
}

/** A predicate that routes may name. */
export interface PluginPredicate {
  /** As a filter's. */
  readonly name: string;
  /** Called for each place of a route where it stands. What it throws is the problem of the route. */
  create(args: readonly PluginArgument[]): PluginMatch;
}

/** Whether the route takes the request: `true` and nothing else does. It cannot wait. One that throws does not match. */
export type PluginMatch = (request: PluginRequest) => boolean;

/** A request as it came. */
export interface PluginRequest {
  readonly method: string;
  /** Normalised, percent-encoded, without query. */
  readonly path: string;
  /** What stands behind `?`; empty when there is none. */
  readonly query: string;
  /** Lower case, without port. */
  readonly host: string;
  /** Of the client, or what a trusted proxy says of it; without port. */
  readonly clientAddress: string;
  /** The first line of this name, whatever its case. */
  header(name: string): string | undefined;
}

/**
 * One request and its answer. It lasts until the exchange ends: then `signal` is aborted, and everything else throws. Fields of the
 * request may be changed before the back end is called, those of the response from `response` on.
 */
export interface PluginExchange {
  readonly method: string;
  /** As it will be sent to the back end. */
  readonly path: string;
  readonly query: string;
  readonly host: string;
  readonly scheme: "http" | "https";
  readonly clientAddress: string;
  readonly routeId: string;
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
  readonly signal: AbortSignal;
  /** What filters of this plugin leave for each other, for this exchange. */
  readonly state: Map<string, unknown>;

  /** The first line of this name, whatever its case. */
  requestHeader(name: string): string | undefined;
  /** In place of all lines of this name. */
  setRequestHeader(name: string, value: string): void;
  addRequestHeader(name: string, value: string): void;
  removeRequestHeader(name: string): void;
  /** Starts with `/`, is percent-encoded and has no query. */
  setPath(path: string): void;
  /** Percent-encoded, without `?`; empty for none. */
  setQuery(query: string): void;
  /** Answers in place of the back end; only from `request`. Status 200 to 599; a text is sent as UTF-8. */
  respond(status: number, headers: Readonly<Record<string, string>>, body: string | Uint8Array): void;

  /** To be sent to the client. */
  responseStatus: number;
  responseHeader(name: string): string | undefined;
  setResponseHeader(name: string, value: string): void;
  addResponseHeader(name: string, value: string): void;
  removeResponseHeader(name: string): void;

  /** Calls `callback` once when the exchange has ended, however it ended; `status` is what the client got, 499 when it was gone. */
  onEnd(callback: (status: number) => void): void;
}
