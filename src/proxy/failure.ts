/**
 * Why a request was answered by the proxy itself, or could not be answered. `status` is what the client gets (499: nothing, it
 * was gone); `isUpstream` marks those counted as failures of a back end.
 */
export const failures = {
  PROXY_NO_ROUTE: { status: 404, text: "no route", isUpstream: false },
  PROXY_NO_ROUTE_UNSURE: { status: 503, text: "no route is known, and the routes are not up to date", isUpstream: false },
  PROXY_ROUTE_BROKEN: { status: 503, text: "the route is not usable as it is written", isUpstream: false },
  PROXY_LOOPBACKS: { status: 500, text: "the request was looked up again too often: routes lead it in a circle", isUpstream: false },
  PROXY_FILTER: { status: 500, text: "a filter of the route made something that can not be sent", isUpstream: false },
  PROXY_FILTER_FAILED: { status: 503, text: "a filter of the route failed while it waited", isUpstream: false },
  PROXY_FILTER_TIMEOUT: { status: 504, text: "a filter of the route did not come to an end in time", isUpstream: false },
  PROXY_FILTER_BODY: { status: 500, text: "a filter of the route could not make a body of the one that came", isUpstream: false },
  PROXY_CONTENT_BLOCKED: { status: 400, text: "the request body is one that the route does not let through", isUpstream: false },
  PROXY_POOL_EMPTY: { status: 503, text: "the back end has no endpoints", isUpstream: true },
  PROXY_POOL_BUSY: { status: 503, text: "all endpoints are at their limit of requests in flight", isUpstream: true },
  PROXY_BACKEND_LIMIT: { status: 503, text: "the endpoint has got as many requests as the route allows", isUpstream: false },
  PROXY_BREAKER_OPEN: { status: 503, text: "the back end failed too often and is not asked for a while", isUpstream: true },
  PROXY_DYNAMIC_NONE: { status: 502, text: "neither the route nor the request names a back end", isUpstream: false },
  PROXY_DYNAMIC_DENIED: { status: 403, text: "the request names a back end that requests may not choose", isUpstream: false },
  PROXY_DYNAMIC_LIMIT: { status: 503, text: "too many back ends that requests named are in use", isUpstream: false },
  PROXY_CONNECT_REFUSED: { status: 502, text: "the endpoint refused the connection", isUpstream: true },
  PROXY_CONNECT_FAILED: { status: 502, text: "the endpoint could not be connected to", isUpstream: true },
  PROXY_CONNECT_TIMEOUT: { status: 504, text: "the endpoint did not accept the connection in time", isUpstream: true },
  PROXY_LOCAL_LIMIT: { status: 503, text: "this router can not open another connection", isUpstream: false },
  PROXY_UPSTREAM_TLS: {
    status: 502,
    text: "the endpoint could not prove who it is, or speaks no TLS, or over it not what was asked for",
    isUpstream: true,
  },
  PROXY_UPSTREAM_CLOSED: { status: 502, text: "the endpoint closed the connection before it answered", isUpstream: true },
  PROXY_UPSTREAM_RESET: { status: 502, text: "the endpoint broke the connection before it answered", isUpstream: true },
  PROXY_UPSTREAM_REFUSED: { status: 502, text: "the endpoint took no part of the request", isUpstream: true },
  PROXY_UPSTREAM_MALFORMED: { status: 502, text: "the endpoint's answer is not valid HTTP", isUpstream: true },
  PROXY_UPSTREAM_TIMEOUT: { status: 504, text: "the endpoint did not answer in time", isUpstream: true },
  PROXY_BACKEND_TIMEOUT: { status: 504, text: "the back end did not answer in full in the time the route gives it", isUpstream: true },
  PROXY_UPSTREAM_TRUNCATED: { status: 502, text: "the endpoint's answer ended early", isUpstream: true },
  PROXY_UPGRADE: { status: 502, text: "the endpoint switched to a protocol that was not asked for", isUpstream: true },
  PROXY_REQUEST_MALFORMED: { status: 400, text: "the request is not valid HTTP", isUpstream: false },
  PROXY_PATH: { status: 400, text: "the path can be read in more than one way", isUpstream: false },
  PROXY_METHOD: { status: 405, text: "CONNECT is not served here", isUpstream: false },
  PROXY_EXPECTATION: { status: 417, text: "only 100-continue can be expected", isUpstream: false },
  PROXY_HEAD_TIMEOUT: { status: 408, text: "the request head did not come in time", isUpstream: false },
  PROXY_BODY_TIMEOUT: { status: 408, text: "the request body did not come in time", isUpstream: false },
  PROXY_BODY_INCOMPLETE: { status: 400, text: "the connection was closed before the end of the request body", isUpstream: false },
  PROXY_BODY_TOO_LARGE: { status: 413, text: "the request body is over its limit", isUpstream: false },
  PROXY_CLIENT_CLOSED: { status: 499, text: "the client was gone before the answer", isUpstream: false },
  PROXY_CLIENT_STALLED: { status: 499, text: "the client did not take the answer", isUpstream: false },
  PROXY_SHUTDOWN: { status: 503, text: "the router is stopping", isUpstream: false },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly text: string; readonly isUpstream: boolean }>>;

/** The closed set of reasons. */
export type ProxyFailure = keyof typeof failures;
