import { type BalancerOptions, defaultBalancerOptions } from "../balance/index.ts";
import { AppError } from "../kernel/index.ts";
import { MOST_LOOPBACKS, findBackendAddress, formatBackendAddress } from "../route/index.ts";
import type { AccessLogFormat } from "./access-log-line.ts";
import { type ActiveCheckOptions, defaultActiveCheckOptions } from "./active-checks.ts";
import { type ChunkedLimits, type HeadLimits, defaultHeadLimits, defaultTrailerLimits, isReceivedBy } from "../wire/index.ts";
import { type Http2Limits, type Http2UpstreamLimits, defaultHttp2Limits, defaultHttp2UpstreamLimits } from "./h2/options.ts";
import type { LineBufferOptions } from "./line-buffer.ts";
import type { UpstreamTlsOptions } from "./upstream-socket.ts";

/** How long each thing may take; all in milliseconds, exact to one `tickMs`. */
export interface ProxyTimeouts {
  /** From the first byte of a request head to its last; also for the first byte of a new connection. */
  readonly requestHeadMs: number;
  /** Between two pieces of a request body. */
  readonly requestBodyIdleMs: number;
  /** A connection without a request. Longer than the 60 s of an ALB, which must be the one that closes (page "Connection idle timeout"). */
  readonly clientIdleMs: number;
  /** A write that makes no progress. */
  readonly writeStallMs: number;
  /** After the last answer, for the client to close: closing at once could take the answer away from it (RFC 9112 section 9.6). */
  readonly lingerMs: number;
  readonly connectMs: number;
  /** From the end of the request to the end of the response head. */
  readonly responseHeadMs: number;
  /** Between two pieces of a response body. */
  readonly responseBodyIdleMs: number;
  /** A back end of a `<dynamic>` route that no request goes to is forgotten, with its connections. */
  readonly dynamicIdleMs: number;
  /** For a shadow to take a copy of a request and answer it. */
  readonly copyMs: number;
  /** An idle connection to an endpoint; shorter than what servers keep. */
  readonly upstreamIdleMs: number;
  /** Requests are open on an HTTP/2 connection to an endpoint, and nothing comes from it: it is asked with a PING, … */
  readonly upstreamPingMs: number;
  /** … and has this long to answer. */
  readonly upstreamPongMs: number;
  /** An upgraded connection on which nothing moves; an HTTP/2 stream whose answer comes while the request still goes on. */
  readonly tunnelIdleMs: number;
  /** Each wait of a filter; also for a stream of one that takes no more, or has all, and gives nothing. */
  readonly filterMs: number;
}

export interface ProxyLimits {
  readonly requestHead: HeadLimits;
  readonly responseHead: HeadLimits;
  readonly chunked: ChunkedLimits;
  /** Request body as counted without framing; Infinity for no limit. */
  readonly requestBodyBytes: number;
  readonly connections: number;
  readonly requestsPerConnection: number;
  /** Interim (1xx) responses to one request. */
  readonly interimResponses: number;
  readonly idleConnectionsPerEndpoint: number;
  /** Of a `<dynamic>` route; any number of them can come. */
  readonly idleConnectionsPerDynamicEndpoint: number;
  /** Back ends of `<dynamic>` routes that are kept: so many that routes name, and so many that requests do. */
  readonly dynamicBackends: number;
  /** Of the body of an idempotent request, so that it can be sent again; a longer one is not kept. */
  readonly keptRequestBytes: number;
  /** Copies of requests that are under way to shadows at once; what is more is not copied. */
  readonly copies: number;
  /** Of the body of a request that is copied; one with a longer body is not. */
  readonly copiedBodyBytes: number;
  /** Of all bodies that are copied at a time. */
  readonly copiedBodiesBytes: number;
  /** Of the body of a request that a filter wants whole; a longer one is refused. */
  readonly wholeRequestBytes: number;
  /** Of all such bodies at a time. */
  readonly wholeRequestsBytes: number;
  /** Of a response that waits for a filter: what is more stays in the endpoint's connection. */
  readonly heldResponseBytes: number;
  /** Of the body of a request that `auditLog` logs. */
  readonly auditBodyBytes: number;
  /** How often one request may be looked up again. */
  readonly loopbacks: number;
  readonly http2: Http2Limits;
  readonly http2Upstream: Http2UpstreamLimits;
}

export interface RetryOptions {
  /** Endpoints one request may be tried on. */
  readonly attempts: number;
  /** Retries allowed as a share of requests, beside a refused connect, which costs nothing. */
  readonly budgetShare: number;
  /** Retries that are possible at once: an endpoint that is killed takes all its kept connections with it. */
  readonly budgetFloor: number;
}

/** Room and time count for what filters log as well. */
export interface AccessLogOptions extends LineBufferOptions {
  readonly format: AccessLogFormat;
  /** Whether a request has a line unless a filter says otherwise; false: only if one says so. */
  readonly isByDefault: boolean;
}

/** Everything that can be set; see {@link defaultProxyOptions}. */
export interface ProxyOptions {
  readonly timeouts: ProxyTimeouts;
  readonly limits: ProxyLimits;
  readonly retry: RetryOptions;
  readonly balancer: BalancerOptions;
  readonly activeChecks: ActiveCheckOptions;
  readonly accessLog: AccessLogOptions;
  /**
   * Peers whose X-Forwarded-* are believed and kept, as addresses or CIDR blocks; `private` stands for loopback, RFC 1918, RFC 6598,
   * RFC 4193 and link-local addresses. Others' are replaced.
   */
  readonly trustedProxies: readonly string[];
  /**
   * Where a `<dynamic>` back end may be that the request names, not the route: addresses and CIDR blocks; `public`: all of the internet;
   * `private` as in `trustedProxies`, but without what clouds tell their nodes at; `none`.
   */
  readonly dynamicBackends: readonly string[];
  /** Where routes with the back end `<forward>` go, as `http://HOST:PORT`; empty: they answer 503. */
  readonly forwardBackend: string;
  /** What requests are sent on with in `Via` (RFC 9110 section 7.6.3): a name or `HOST:PORT`; empty: without. */
  readonly via: string;
  /** For endpoints written `https://`. */
  readonly upstreamTls: UpstreamTlsOptions;
  /** Protocols a client may switch to, in lower case. h2c is not among them: it would carry requests past the routes. */
  readonly upgrades: readonly string[];
  /** Sent as Retry-After with a 503 that is about missing knowledge. */
  readonly retryAfterSeconds: number;
  /** Adds a counter per route and status class; costs five series a route. */
  readonly routeMetrics: boolean;
  /** Resolution of all timeouts. */
  readonly tickMs: number;
}

export const defaultProxyOptions: ProxyOptions = Object.freeze({
  timeouts: Object.freeze({
    requestHeadMs: 30_000,
    requestBodyIdleMs: 60_000,
    clientIdleMs: 75_000,
    writeStallMs: 60_000,
    lingerMs: 2_000,
    connectMs: 1_000,
    responseHeadMs: 60_000,
    responseBodyIdleMs: 120_000,
    dynamicIdleMs: 300_000,
    copyMs: 10_000,
    upstreamIdleMs: 30_000,
    upstreamPingMs: 30_000,
    upstreamPongMs: 10_000,
    tunnelIdleMs: 600_000,
    filterMs: 30_000,
  }),
  limits: Object.freeze({
    requestHead: defaultHeadLimits,
    responseHead: defaultHeadLimits,
    chunked: Object.freeze({ extensionBytes: 16_384, trailer: defaultTrailerLimits }),
    requestBodyBytes: Infinity,
    connections: 20_000,
    requestsPerConnection: 1_000_000,
    interimResponses: 16,
    idleConnectionsPerEndpoint: 256,
    idleConnectionsPerDynamicEndpoint: 16,
    dynamicBackends: 1_000,
    keptRequestBytes: 65_536,
    copies: 256,
    copiedBodyBytes: 1_048_576,
    copiedBodiesBytes: 67_108_864,
    wholeRequestBytes: 4_194_304,
    wholeRequestsBytes: 67_108_864,
    heldResponseBytes: 65_536,
    auditBodyBytes: 1_024,
    loopbacks: MOST_LOOPBACKS,
    http2: defaultHttp2Limits,
    http2Upstream: defaultHttp2UpstreamLimits,
  }),
  retry: Object.freeze({ attempts: 3, budgetShare: 0.2, budgetFloor: 500 }),
  balancer: defaultBalancerOptions,
  activeChecks: defaultActiveCheckOptions,
  accessLog: Object.freeze({ format: "combined", isByDefault: true, bufferBytes: 1_048_576, flushMs: 1_000 }),
  trustedProxies: Object.freeze(["private"]),
  dynamicBackends: Object.freeze(["public"]),
  forwardBackend: "",
  via: "",
  upstreamTls: Object.freeze({ authorities: undefined, isVerified: true }),
  upgrades: Object.freeze(["websocket"]),
  retryAfterSeconds: 2,
  routeMetrics: false,
  tickMs: 100,
});

/** What `createProxy` takes: any part of the options, groups too may be given in part. */
export type ProxyOptionsInput = {
  readonly [Group in keyof ProxyOptions]?: ProxyOptions[Group] extends readonly unknown[] | number | boolean | string
    ? ProxyOptions[Group]
    : Partial<ProxyOptions[Group]>;
};

/** Fills in the defaults and checks that every number is one that can be waited for or counted. Throws AppError `PROXY_OPTION`. */
export function resolveProxyOptions(input: ProxyOptionsInput): ProxyOptions {
  const options: ProxyOptions = {
    ...defaultProxyOptions,
    ...input,
    timeouts: { ...defaultProxyOptions.timeouts, ...input.timeouts },
    limits: { ...defaultProxyOptions.limits, ...input.limits },
    retry: { ...defaultProxyOptions.retry, ...input.retry },
    balancer: { ...defaultProxyOptions.balancer, ...input.balancer },
    activeChecks: { ...defaultProxyOptions.activeChecks, ...input.activeChecks },
    accessLog: { ...defaultProxyOptions.accessLog, ...input.accessLog },
    upstreamTls: { ...defaultProxyOptions.upstreamTls, ...input.upstreamTls },
    forwardBackend: readForwardBackend(input.forwardBackend ?? ""),
    via: readVia(input.via ?? ""),
  };
  checkNumbers("timeouts", options.timeouts);
  checkNumbers("limits", options.limits);
  checkNumbers("retry", options.retry);
  checkNumbers("balancer.ejection", options.balancer.ejection);
  const { path, ...checks } = options.activeChecks;
  checkNumbers("activeChecks", checks);
  if (path !== "" && !/^\/[\x21-\x7e]*$/.test(path))
    throw new AppError("PROXY_OPTION", `activeChecks.path is ${JSON.stringify(path)}; give a path that starts with "/", or nothing`);
  if (!(options.tickMs >= 1)) throw new AppError("PROXY_OPTION", `tickMs is ${options.tickMs}; give at least 1`);
  return options;
}

function readVia(name: string): string {
  if (name === "" || isReceivedBy(name)) return name;
  throw new AppError("PROXY_OPTION", `via is ${JSON.stringify(name)}; give a name of letters, digits and "-._", or HOST:PORT`);
}

function readForwardBackend(text: string): string {
  if (text === "") return "";
  const address = findBackendAddress(text);
  if (address !== undefined) return formatBackendAddress(address);
  throw new AppError("PROXY_OPTION", `forwardBackend is ${JSON.stringify(text)}; give an address as in "http://HOST:PORT"`);
}

function checkNumbers(group: string, values: object): void {
  for (const [name, value] of Object.entries(values) as [string, unknown][]) {
    if (typeof value === "object" && value !== null) checkNumbers(`${group}.${name}`, value);
    else if (typeof value !== "number" || !(value >= 0)) {
      throw new AppError("PROXY_OPTION", `${group}.${name} is ${String(value)}; give a number from 0 up`);
    }
  }
}
