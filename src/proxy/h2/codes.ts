/** Error codes of RFC 9113 section 7 that are used here; node:http2, which has them too, is read only where HTTP/2 is served. */
export const Http2Code = { noError: 0, protocolError: 1, internalError: 2, refusedStream: 7, cancel: 8, enhanceYourCalm: 11 } as const;

/** The flag END_STREAM of a frame (section 6.2). */
export const END_STREAM = 1;
