/** Bounds on a message head or trailer section. A message exactly at a bound passes, one over it is refused. */
export interface HeadLimits {
  /** Request line or status line, without its CR LF. */
  readonly startLineBytes: number;
  /** One field line, without its CR LF. */
  readonly fieldLineBytes: number;
  /** Number of field lines. */
  readonly fieldLines: number;
  /** The whole head, from the first byte of the start line to the empty line, both included. */
  readonly headBytes: number;
}

/** Those of an ALB where it has one (page "HTTP headers and Application Load Balancers": 16 K a line, 64 K in all). */
export const defaultHeadLimits: HeadLimits = Object.freeze({
  startLineBytes: 16_384,
  fieldLineBytes: 16_384,
  fieldLines: 128,
  headBytes: 65_536,
});

/** Bounds on a trailer section: small, for what trailers are used for (a status, a digest). */
export const defaultTrailerLimits: HeadLimits = Object.freeze({
  startLineBytes: 0,
  fieldLineBytes: 8_192,
  fieldLines: 32,
  headBytes: 16_384,
});
