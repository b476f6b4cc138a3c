import type { Clock, Random } from "../kernel/index.ts";
import {
  type ClientCertificate,
  type CompiledRoute,
  type FilterContext,
  type HeaderList,
  type MatchInput,
  type Pass,
  type RequestSpan,
  maskQuery,
  normalizePath,
  splitAuthority,
} from "../route/index.ts";
import {
  type BodyFraming,
  FieldId,
  Framing,
  type MessageHead,
  type RequestTarget,
  connectionNames,
  connectionOptions,
  listFields,
} from "../wire/index.ts";
import type { AccessLogEntry } from "./access-log-line.ts";
import type { Engine } from "./engine.ts";
import { forwardedForOf, listForwarded } from "./forwarded-fields.ts";
import { MessageFields } from "./message-fields.ts";
import type { CopySource } from "./copy-source.ts";
import type { Peer } from "./peer.ts";
import { ResponseContext } from "./response-context.ts";

const NO_NAMES: readonly string[] = [];
// What no client may send in a target either.
const UNSENDABLE_QUERY = /[^\x21\x22\x24-\x7e]/;

/**
 * One request and its answer as predicates and filters see them; one object serves all requests of a connection. Fields become a
 * list only when somebody asks for one: a request that no filter touches is forwarded from its bytes.
 */
export class RequestContext extends ResponseContext implements FilterContext, MatchInput {
  readonly peer: Peer;
  /** No client sets one. */
  readonly teeLabel: string = "";
  readonly #engine: Pick<Engine, "random" | "clock" | "isDraining">;
  #head: MessageHead;
  readonly #framing: Pick<BodyFraming, "framing">;
  #received: string[] | undefined = undefined;
  #clientAddress = "";
  #authority = "";
  #host = "";
  #port = "";
  #isMatching = true;
  #route: CompiledRoute | undefined = undefined;

  method = "";
  /** Host as it is forwarded. */
  authority = "";
  path = "";
  matchPath = "";
  query = "";
  /** With the `?`, and so empty when there was none: `path + suffix` is the target. */
  querySuffix = "";
  /** Whether path and query are as they stand in the head. */
  isPathOriginal = true;
  /** Lower-case options of the Connection field. */
  connectionOptions: readonly string[] = NO_NAMES;
  /** Lower-case names of the fields these options take away. */
  connectionNames: readonly string[] = NO_NAMES;
  scheme: "http" | "https" = "http";

  readonly requestFields = new MessageFields(() => listForwarded(this.#head, this));
  /** The route that the request came from by a loopback. */
  outer: Pass | undefined = undefined;
  fallbackPath: string | undefined = undefined;
  /** Why the path was refused. */
  refusal = "";
  span: RequestSpan | undefined = undefined;

  constructor(
    head: MessageHead,
    framing: Pick<BodyFraming, "framing">,
    peer: Peer,
    engine: Pick<Engine, "random" | "clock" | "isDraining">,
  ) {
    super();
    this.#head = head;
    this.#framing = framing;
    this.peer = peer;
    this.#engine = engine;
  }

  /** Starts on the request in `head`. False when its path is refused. */
  begin(target: RequestTarget): boolean {
    const head = this.#head;
    this.#received = undefined;
    this.#clientAddress = "";
    this.#isMatching = true;
    this.#route = undefined;
    this.outer = undefined;
    this.fallbackPath = undefined;
    this.method = head.method;
    this.authority = target.authority;
    this.requestFields.clear();
    this.forgetAnswer();
    this.connectionOptions = connectionOptions(head);
    this.connectionNames = connectionNames(this.connectionOptions);
    if (this.authority !== this.#authority) this.#splitAuthority();
    this.scheme = this.#schemeOf();
    return this.#readPath(target.originForm, target.isAbsolute);
  }

  /**
   * The protocol a GET wants to switch to and may, in lower case; empty for none. Any other wish is left out of what is
   * forwarded (RFC 9110 section 7.8).
   */
  wantedUpgrade(allowed: readonly string[]): string {
    const head = this.#head;
    if ((head.present & FieldId.upgrade) === 0 || head.minorVersion === 0 || this.method !== "GET") return "";
    if (!this.connectionOptions.includes("upgrade")) return "";
    const protocol = (head.valueOf(FieldId.upgrade) ?? "").toLowerCase();
    return allowed.includes(protocol) ? protocol : "";
  }

  /** RFC 9112 section 9.3. */
  get wantsClose(): boolean {
    const options = this.connectionOptions;
    return options.includes("close") || (this.#head.minorVersion === 0 && !options.includes("keep-alive"));
  }

  /** RFC 9110 section 10.1.1: an HTTP/1.0 client expects nothing. */
  get hasUnknownExpectation(): boolean {
    const head = this.#head;
    if ((head.present & FieldId.expect) === 0 || head.minorVersion === 0) return false;
    return (head.repeated & FieldId.expect) !== 0 || head.valueOf(FieldId.expect)?.toLowerCase() !== "100-continue";
  }

  /** Forgets the request before: what comes next was refused before it could be read. */
  clear(): void {
    this.method = this.#head.method;
    this.path = "";
    this.querySuffix = "";
    this.#clientAddress = "";
    this.authority = "";
    this.responded = false;
  }

  /** For copies of the request. */
  get copySource(): CopySource {
    const { method, authority, peer, forwardedFor } = this;
    return { method, authority, peer, forwardedFor, looped: { count: 0 } };
  }

  /** What the access log says of the request. */
  describe(entry: AccessLogEntry): void {
    const head = this.#head;
    entry.clientAddress = this.clientAddress;
    entry.method = head.method === "" ? "-" : head.method;
    entry.target = head.target === "" ? "-" : this.#loggedTarget();
    entry.protocol = this.peer.isHttp2 ? "HTTP/2.0" : head.minorVersion === 1 ? "HTTP/1.1" : "HTTP/1.0";
    entry.referer = head.valueOf(FieldId.referer) ?? "";
    entry.userAgent = head.valueOf(FieldId.userAgent) ?? "";
    entry.host = this.authority;
    entry.audit = this.wishesSet?.audit ?? "";
  }

  get random(): Random {
    return this.#engine.random;
  }

  get clock(): Clock {
    return this.#engine.clock;
  }

  get nowMs(): number {
    return this.#engine.clock.wallMs();
  }

  get isDraining(): boolean {
    return this.#engine.isDraining;
  }

  get clientCertificate(): ClientCertificate | undefined {
    return this.peer.clientCertificate;
  }

  get peerAddress(): string {
    return this.peer.address;
  }

  get host(): string {
    return this.#host;
  }

  get port(): string {
    return this.#port;
  }

  get route(): CompiledRoute {
    if (this.#route === undefined) throw new Error("the route is read before one was matched");
    return this.#route;
  }

  /** From here on `requestHeaders` is what will be forwarded, no longer what came. */
  setRoute(route: CompiledRoute): void {
    this.#route = route;
    this.#isMatching = false;
  }

  /** The answer comes back to a route that the request came through. */
  enter(route: CompiledRoute, matchPath: string, outer: Pass | undefined): void {
    this.#route = route;
    this.matchPath = matchPath;
    this.outer = outer;
  }

  /**
   * The request, as filters left it, is looked up again: with the path they ask for, or the one that would be sent. Hosts match what the
   * client asked for. False when the path can be read in more than one way.
   */
  lookUpAgain(): boolean {
    this.#received = this.requestHeaders;
    this.#isMatching = true;
    this.forgetAnswer();
    this.dropResponseTransforms();
    this.dropResponseWatchers();
    const path = this.fallbackPath ?? this.path;
    this.fallbackPath = undefined;
    return this.#readPath(`${path}${this.querySuffix}`, true);
  }

  get clientAddress(): string {
    if (this.#clientAddress === "") this.#clientAddress = this.peer.clientAddress(this.forwardedFor);
    return this.#clientAddress;
  }

  /** All X-Forwarded-For lines as one value, if a trusted proxy sent them. */
  get forwardedFor(): string | undefined {
    if (!this.peer.isTrusted || (this.#head.present & FieldId.xForwardedFor) === 0) return undefined;
    return forwardedForOf(this.#head);
  }

  get hasRequestBody(): boolean {
    return this.#framing.framing !== Framing.none;
  }

  /** While a route is looked for: all fields as they came. After: those to be forwarded, which filters may change. */
  get requestHeaders(): HeaderList {
    if (this.#isMatching) {
      this.#received ??= listFields(this.#head, 0, NO_NAMES);
      return this.#received;
    }
    return this.requestFields.list;
  }

  fallBack(path: string): void {
    this.fallbackPath = path;
  }

  setBackendPath(path: string): void {
    this.path = path;
    this.isPathOriginal = false;
  }

  /** Throws for what cannot stand in a target: it could end the request line. */
  setBackendQuery(query: string): void {
    if (UNSENDABLE_QUERY.test(query)) throw new Error("a filter made a query that can not be sent");
    this.query = query;
    this.querySuffix = query === "" ? "" : `?${query}`;
    this.isPathOriginal = false;
  }

  #loggedTarget(): string {
    const { target } = this.#head;
    const masked = this.wishesSet?.maskedQuery;
    const mark = target.indexOf("?");
    if (masked === undefined || mark < 0) return target;
    return target.slice(0, mark + 1) + maskQuery(target.slice(mark + 1), masked, "***");
  }

  #schemeOf(): "http" | "https" {
    if (this.peer.isTrusted && (this.#head.present & FieldId.xForwardedProto) !== 0) {
      const proto = this.#head.valueOf(FieldId.xForwardedProto);
      if (proto === "https" || proto === "http") return proto;
    }
    return this.peer.scheme;
  }

  #splitAuthority(): void {
    const { host, port } = splitAuthority(this.authority);
    this.#authority = this.authority;
    this.#host = host;
    this.#port = port;
  }

  #readPath(originForm: string, isRewritten: boolean): boolean {
    const mark = originForm.indexOf("?");
    const raw = mark < 0 ? originForm : originForm.slice(0, mark);
    this.querySuffix = mark < 0 ? "" : originForm.slice(mark);
    this.query = mark < 0 ? "" : originForm.slice(mark + 1);
    if (raw === "*") {
      this.path = raw;
      this.matchPath = raw;
      this.isPathOriginal = !isRewritten;
      return true;
    }
    const normalized = normalizePath(raw);
    if ("refusal" in normalized) {
      this.refusal = normalized.refusal;
      return false;
    }
    this.path = normalized.path;
    this.matchPath = normalized.matchPath;
    this.isPathOriginal = !isRewritten && normalized.path === raw;
    return true;
  }
}
