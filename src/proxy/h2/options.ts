/** Bounds on HTTP/2 connections of clients; what nghttp2 bounds by itself (CONTINUATION frames, unanswered SETTINGS and PING) comes on top. */
export interface Http2Limits {
  /** Streams open at once on one connection; told to the client, whose further ones are refused. */
  readonly concurrentStreams: number;
  /** Bytes of a request body a client may send ahead on one stream. */
  readonly streamWindowBytes: number;
  /** The same for all streams of a connection together. */
  readonly connectionWindowBytes: number;
  /** Streams a client may take back at once before the connection is closed (CVE-2023-44487), … */
  readonly resetBurst: number;
  /** … and how many more it may each second. */
  readonly resetsPerSecond: number;
  /** Frames that are not valid, and streams that were refused, before the connection is closed. */
  readonly invalidFrames: number;
  readonly refusedStreams: number;
  /** Memory one connection may hold, in bytes. */
  readonly sessionMemoryBytes: number;
}

export const defaultHttp2Limits: Http2Limits = Object.freeze({
  concurrentStreams: 128,
  streamWindowBytes: 262_144,
  connectionWindowBytes: 1_048_576,
  resetBurst: 200,
  resetsPerSecond: 20,
  invalidFrames: 100,
  refusedStreams: 200,
  sessionMemoryBytes: 10_000_000,
});

/** Bounds on HTTP/2 connections to endpoints. */
export interface Http2UpstreamLimits {
  /** Requests at once on one connection; fewer where the endpoint says so, and another connection for more. */
  readonly concurrentStreams: number;
  /** Requests one connection carries before another one is made. */
  readonly streamsPerConnection: number;
  /** Bytes of a response an endpoint may send ahead on one stream. */
  readonly streamWindowBytes: number;
  /** The same for all streams of a connection together. */
  readonly connectionWindowBytes: number;
  /** Memory one connection may hold, in bytes. */
  readonly sessionMemoryBytes: number;
}

export const defaultHttp2UpstreamLimits: Http2UpstreamLimits = Object.freeze({
  concurrentStreams: 100,
  streamsPerConnection: 1_000_000,
  streamWindowBytes: 262_144,
  connectionWindowBytes: 1_048_576,
  sessionMemoryBytes: 64_000_000,
});
