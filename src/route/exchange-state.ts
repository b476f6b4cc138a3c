import type { Duplex } from "node:stream";
import { AppError } from "../kernel/index.ts";
import type { HeaderList } from "./header-list.ts";

/** How long phases of one exchange may take, in milliseconds; undefined: as configured. */
export interface ExchangeTimeouts {
  /** From the moment an endpoint is looked for to the end of its response; over it 504, or a broken response. */
  backendMs: number | undefined;
  /** For the request body to come. */
  readMs: number | undefined;
  /** For the response to be taken by the client. */
  writeMs: number | undefined;
}

/** Whether a line of the access log is wanted. */
export interface AccessLogWish {
  readonly isWanted: boolean;
  /** Beginnings of status codes it is about (`4`, `50`, `301`); empty for all. For the others the opposite is wanted. */
  readonly statusPrefixes: readonly number[];
}

/** What is sent beside a request, with the request's method and body. */
export interface RequestCopy {
  readonly to: CopyTarget;
  readonly path: string;
  readonly query: string;
  /** All field lines, Host among them, without those that frame a body. */
  readonly fields: HeaderList;
}

/** A back end as in `http://10.2.3.4:8080`; or the routes, where a copy is looked up as `Tee` knows it. */
export type CopyTarget = { readonly address: string } | { readonly label: string };

/** What filters want of the proxy. */
export interface ExchangeWishes {
  /** False: the Host sent is the endpoint's, unless a filter set another than the client's. */
  preserveHost: boolean;
  /** The back end is a proxy: it gets the whole URL that the client asked for (RFC 9112 section 3.2.2). */
  isBackendProxy: boolean;
  /** Where a `<dynamic>` back end is, as in `https://example.org:8443`; empty when scheme and host say it. What follows the authority is not heeded. */
  backendUrl: string;
  /** Whether it is the request that says so, and not the route: only what requests may choose is then connected to. */
  isBackendUrlAsked: boolean;
  /** `http`, `https`, `h2` or `h2c`; empty when not set. */
  backendScheme: string;
  /** With port; empty when not set. */
  backendHost: string;
  /** As `isBackendUrlAsked`. */
  isBackendHostAsked: boolean;
  /** Sent when filters have seen the request. */
  copies: RequestCopy[] | undefined;
  /** Sent with the method POST and the body of the response, as it comes. */
  responseCopies: RequestCopy[] | undefined;
  accessLog: AccessLogWish | undefined;
  /** Who sent the request as far as it says itself, for the access log; empty when nobody asked. */
  audit: string;
  /** Query parameters whose values are not to be logged; decoded names. */
  maskedQuery: ReadonlySet<string> | undefined;
}

/** Whether a wish wants a line for this status, as Skipper's `shouldLog`. */
export function isLogWanted({ isWanted, statusPrefixes }: AccessLogWish, status: number): boolean {
  if (statusPrefixes.length === 0) return isWanted;
  const text = String(status);
  return statusPrefixes.some((prefix) => text.startsWith(String(prefix))) === isWanted;
}

/** Is shown a body as it passes. It must not throw. */
export interface BodyWatcher {
  /** The bytes are another's when it returns. */
  take(bytes: Buffer): void;
  /** That was all. */
  end?(): void;
  /** Nothing more comes, and it was not all; also called behind `end`. */
  cut?(): void;
}

/** Each part for itself: a filter that only says something of the access log pays for no more. */
class Left {
  state: Map<string, unknown> | undefined = undefined;
  callbacks: (() => void)[] | undefined = undefined;
  requestTransforms: Duplex[] | undefined = undefined;
  responseTransforms: Duplex[] | undefined = undefined;
  requestWatchers: BodyWatcher[] | undefined = undefined;
  responseWatchers: BodyWatcher[] | undefined = undefined;
  timeouts: ExchangeTimeouts | undefined = undefined;
  wishes: ExchangeWishes | undefined = undefined;
  controller: AbortController | undefined = undefined;
}

/** Who has the body of a request. */
export interface BodySource {
  /** As `wholeRequestBody` of a filter's context. */
  whole(): Promise<Uint8Array>;
}

const NONE: readonly Duplex[] = [];
const EMPTY = new Uint8Array();
const NO_WATCHERS: readonly BodyWatcher[] = [];

/** Made once: with its stack it costs more than the signal. */
const ENDED = new DOMException("the exchange has ended", "AbortError");

/**
 * What filters leave on an exchange; the base of whoever implements `FilterContext`. Nothing is made before it is asked for:
 * an exchange without such filters costs one comparison at its end.
 */
export class ExchangeState {
  #left: Left | undefined = undefined;
  /** For the proxy: who has the bodies of the requests; undefined: they have none. */
  bodySource: BodySource | undefined = undefined;

  get state(): Map<string, unknown> {
    const left = this.#made();
    left.state ??= new Map();
    return left.state;
  }

  get timeouts(): ExchangeTimeouts {
    const left = this.#made();
    left.timeouts ??= { backendMs: undefined, readMs: undefined, writeMs: undefined };
    return left.timeouts;
  }

  get wishes(): ExchangeWishes {
    const left = this.#made();
    left.wishes ??= {
      preserveHost: true,
      isBackendProxy: false,
      backendUrl: "",
      isBackendUrlAsked: false,
      backendScheme: "",
      backendHost: "",
      isBackendHostAsked: false,
      copies: undefined,
      responseCopies: undefined,
      accessLog: undefined,
      audit: "",
      maskedQuery: undefined,
    };
    return left.wishes;
  }

  get signal(): AbortSignal {
    const left = this.#made();
    left.controller ??= new AbortController();
    return left.controller.signal;
  }

  onEnd(callback: () => void): void {
    (this.#made().callbacks ??= []).push(callback);
  }

  wholeRequestBody(): Promise<Uint8Array> {
    if (this.requestTransforms.length > 0)
      return Promise.reject(
        new AppError("ROUTE_BODIES", "a filter that needs the whole body stands behind one that changes it; put it before"),
      );
    return this.bodySource?.whole() ?? Promise.resolve(EMPTY);
  }

  transformRequest(stream: Duplex): void {
    (this.#made().requestTransforms ??= []).push(stream);
  }

  transformResponse(stream: Duplex): void {
    (this.#made().responseTransforms ??= []).push(stream);
  }

  watchRequest(watcher: BodyWatcher): void {
    (this.#made().requestWatchers ??= []).push(watcher);
  }

  watchResponse(watcher: BodyWatcher): void {
    (this.#made().responseWatchers ??= []).push(watcher);
  }

  /** For the proxy: as set by filters, or undefined. */
  get timeoutsSet(): ExchangeTimeouts | undefined {
    return this.#left?.timeouts;
  }

  /** For the proxy: whether somebody will look back at the exchange when it ends. */
  get hasCallbacks(): boolean {
    return this.#left?.callbacks !== undefined;
  }

  /** For the proxy: as set by filters, or undefined. */
  get wishesSet(): ExchangeWishes | undefined {
    return this.#left?.wishes;
  }

  get requestTransforms(): readonly Duplex[] {
    return this.#left?.requestTransforms ?? NONE;
  }

  get responseTransforms(): readonly Duplex[] {
    return this.#left?.responseTransforms ?? NONE;
  }

  get requestWatchers(): readonly BodyWatcher[] {
    return this.#left?.requestWatchers ?? NO_WATCHERS;
  }

  get responseWatchers(): readonly BodyWatcher[] {
    return this.#left?.responseWatchers ?? NO_WATCHERS;
  }

  /** For the proxy: the body they are for is not sent. */
  dropResponseTransforms(): void {
    const left = this.#left;
    for (const stream of left?.responseTransforms ?? NONE) stream.destroy();
    if (left !== undefined) left.responseTransforms = undefined;
  }

  /** For the proxy: another response comes. */
  dropResponseWatchers(): void {
    if (this.#left !== undefined) this.#left.responseWatchers = undefined;
  }

  /**
   * For the proxy, when the exchange has ended: aborts the signal, calls what asked to be called, destroys the streams and forgets
   * everything. Does nothing the second time. What a callback throws is given to `report`, the others are called all the same.
   */
  endExchange(report: (thrown: unknown) => void): void {
    const left = this.#left;
    if (left === undefined) return;
    this.#left = undefined;
    left.controller?.abort(ENDED);
    for (const callback of left.callbacks ?? []) {
      try {
        callback();
      } catch (thrown) {
        report(thrown);
      }
    }
    for (const stream of [...(left.requestTransforms ?? NONE), ...(left.responseTransforms ?? NONE)]) stream.destroy();
  }

  #made(): Left {
    this.#left ??= new Left();
    return this.#left;
  }
}
