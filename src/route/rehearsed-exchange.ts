import { type Clock, type Random, systemClock } from "../kernel/index.ts";
import type { CompiledRoute } from "./compiled-route.ts";
import { ExchangeState } from "./exchange-state.ts";
import type { FilterContext, MessageSide, Pass } from "./filter.ts";
import { type HeaderList, addHeader, getHeader, removeHeader, sameName, setHeader } from "./header-list.ts";
import { type NormalizedPath, splitAuthority } from "./path.ts";
import type { MatchInput } from "./predicate.ts";

/** A request that is tried on a table without being sent. */
export interface RehearsedRequest {
  readonly method: string;
  readonly scheme: "http" | "https";
  /** The request target without its query, as sent. */
  readonly path: string;
  readonly query: string;
  /** Flat; the Host field decides the host. X-Forwarded-For is believed, as from a trusted proxy. */
  readonly headers: readonly string[];
  readonly clientAddress: string;
  /** In [0, 1); stands for every random number. */
  readonly chance: number;
  /** Milliseconds since the Unix epoch; left out: 0. */
  readonly nowMs?: number;
}

/** What predicates see of it. */
export class RehearsedInput implements MatchInput {
  readonly method: string;
  readonly matchPath: string;
  readonly host: string;
  readonly port: string;
  readonly query: string;
  readonly clientAddress: string;
  readonly forwardedFor: string | undefined;
  readonly requestHeaders: readonly string[];
  readonly random: Random;
  readonly nowMs: number;
  readonly isDraining = false;
  readonly teeLabel = "";

  /** `asked`: what the request was to before filters changed it. */
  constructor(request: RehearsedRequest, matchPath: string, asked?: Pick<MatchInput, "host" | "port">) {
    this.method = request.method;
    this.matchPath = matchPath;
    const { host, port } = asked ?? splitAuthority(getHeader(request.headers, "host") ?? "");
    this.host = host;
    this.port = port;
    this.query = request.query;
    this.clientAddress = request.clientAddress;
    const hops = request.headers.filter((_, at) => at % 2 === 1 && sameName(request.headers[at - 1] as string, "x-forwarded-for"));
    this.forwardedFor = hops.length === 0 ? undefined : hops.join(", ");
    this.requestHeaders = request.headers;
    this.random = { next: () => request.chance };
    this.nowMs = request.nowMs ?? 0;
  }
}

/** What filters see of it, and what they made of it. */
export class RehearsedExchange extends ExchangeState implements FilterContext {
  readonly method: string;
  path: string;
  matchPath: string;
  query: string;
  readonly host: string;
  readonly authority: string;
  readonly scheme: "http" | "https";
  readonly clientAddress: string;
  readonly peerAddress: string;
  readonly forwardedFor: string | undefined;
  readonly nowMs: number;
  readonly random: Random;
  readonly hasRequestBody = false;
  readonly span = undefined;
  /** A rehearsal waits for nobody: what is set on it does not count. */
  readonly clock: Clock = systemClock;
  route: CompiledRoute;
  outer: Pass | undefined = undefined;
  fallbackPath: string | undefined = undefined;
  readonly requestHeaders: string[];
  responseHeaders: string[] = [];
  /** 0 until somebody decides. */
  responseStatus = 0;
  responded = false;
  body: Uint8Array = new Uint8Array(0);

  constructor(request: RehearsedRequest, route: CompiledRoute, path: string, input: MatchInput) {
    super();
    this.method = request.method;
    this.path = path;
    this.matchPath = input.matchPath;
    this.query = request.query;
    this.host = input.host;
    this.authority = getHeader(request.headers, "host") ?? "";
    this.scheme = request.scheme;
    this.clientAddress = request.clientAddress;
    this.peerAddress = request.clientAddress;
    this.forwardedFor = input.forwardedFor;
    this.nowMs = input.nowMs;
    this.random = input.random;
    this.route = route;
    this.requestHeaders = [...request.headers];
  }

  /** Starts on the next route with what filters left. */
  begin({ path, matchPath }: NormalizedPath): void {
    this.path = path;
    this.matchPath = matchPath;
    this.fallbackPath = undefined;
    this.responded = false;
    this.responseStatus = 0;
    this.responseHeaders = [];
    this.body = new Uint8Array(0);
  }

  /** The answer comes back to a route. */
  enter({ route, matchPath, outer }: Pass & { readonly route: CompiledRoute }): void {
    this.route = route;
    this.matchPath = matchPath;
    this.outer = outer;
  }

  respond(status: number, headers: readonly string[], body: Uint8Array): void {
    this.responded = true;
    this.responseStatus = status;
    this.responseHeaders = [...headers];
    this.body = body;
  }

  replaceBody(body: Uint8Array): void {
    this.body = body;
  }

  setField(side: MessageSide, name: string, value: string): void {
    setHeader(this.#fields(side), name, value);
  }

  addField(side: MessageSide, name: string, value: string): void {
    addHeader(this.#fields(side), name, value);
  }

  dropField(side: MessageSide, name: string): void {
    removeHeader(this.#fields(side), name);
  }

  #fields(side: MessageSide): HeaderList {
    return side === "request" ? this.requestHeaders : this.responseHeaders;
  }

  fallBack(path: string): void {
    this.fallbackPath = path;
  }

  setBackendPath(path: string): void {
    this.path = path;
  }

  setBackendQuery(query: string): void {
    this.query = query;
  }
}
