/**
 * Why bytes were refused, and the status a server answers a request with because of it. Nothing is repaired: a message two
 * readers could take differently is how requests are smuggled (RFC 9112 section 11.2). A response with a fault is a 502.
 */
export const wireFaults = {
  WIRE_START_LINE: { status: 400, meaning: "the start line is not three parts separated by single spaces" },
  WIRE_METHOD: { status: 400, meaning: "the method is not a token" },
  WIRE_TARGET: { status: 400, meaning: "the request target has characters that must be percent-encoded, or a fragment" },
  WIRE_TARGET_FORM: { status: 400, meaning: "the form of the request target does not go with the method (RFC 9112 section 3.2)" },
  WIRE_VERSION: { status: 400, meaning: "the protocol version is malformed" },
  WIRE_VERSION_UNSUPPORTED: { status: 505, meaning: "the protocol version is neither HTTP/1.0 nor HTTP/1.1" },
  WIRE_STATUS: { status: 400, meaning: "the status code is not three digits from 100 to 599" },
  WIRE_LINE_ENDING: { status: 400, meaning: "a line does not end with CR LF, or a CR stands alone" },
  WIRE_FIELD_NAME: { status: 400, meaning: "a field name is not a token directly followed by a colon" },
  WIRE_FIELD_VALUE: { status: 400, meaning: "a field value has a control character" },
  WIRE_PSEUDO_FIELD: { status: 400, meaning: "an HTTP/2 pseudo-header field is missing, repeated, unknown or behind the others" },
  WIRE_CONNECTION_FIELD: { status: 400, meaning: "HTTP/2 has no fields about a connection, and TE may say trailers only" },
  WIRE_OBS_FOLD: { status: 400, meaning: "a field line is folded" },
  WIRE_HOST: { status: 400, meaning: "Host is missing, repeated, malformed or another one than the request target's" },
  WIRE_CONTENT_LENGTH: { status: 400, meaning: "Content-Length is repeated, a list, or not a number up to 2^53-1" },
  WIRE_FRAMING_LOOKALIKE: {
    status: 400,
    meaning: "a field is named Content_Length or Transfer_Encoding, which some back ends read as the real one",
  },
  WIRE_LENGTH_AND_CODING: { status: 400, meaning: "Content-Length and Transfer-Encoding stand together" },
  WIRE_CODING_REPEATED: { status: 400, meaning: "Transfer-Encoding is repeated" },
  WIRE_CODING_IN_HTTP10: { status: 400, meaning: "Transfer-Encoding in an HTTP/1.0 message" },
  WIRE_CODING_UNSUPPORTED: { status: 501, meaning: "Transfer-Encoding is something else than exactly chunked" },
  WIRE_TRACE_CONTENT: { status: 400, meaning: "a TRACE has content" },
  WIRE_CHUNK_SIZE: { status: 400, meaning: "a chunk size is malformed, larger than 2^53-1 or longer than 32 digits" },
  WIRE_CHUNK_EXTENSION: { status: 400, meaning: "a chunk extension is malformed" },
  WIRE_CHUNK_EXTENSION_TOO_LONG: { status: 400, meaning: "chunk extensions are over their limit" },
  WIRE_CHUNK_DATA: { status: 400, meaning: "chunk data is not followed by CR LF" },
  WIRE_TRAILER_FRAMING: { status: 400, meaning: "a trailer section has Content-Length or Transfer-Encoding, or what looks like them" },
  WIRE_START_LINE_TOO_LONG: { status: 414, meaning: "the start line is over its limit" },
  WIRE_FIELD_LINE_TOO_LONG: { status: 431, meaning: "a field line is over its limit" },
  WIRE_TOO_MANY_FIELDS: { status: 431, meaning: "there are more field lines than the limit" },
  WIRE_HEAD_TOO_LARGE: { status: 431, meaning: "the head is over its limit" },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly meaning: string }>>;

/** The closed set of reasons. */
export type WireFault = keyof typeof wireFaults;
