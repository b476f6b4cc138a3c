const CTL =
  "a field line with a control character or a space before its colon is refused: RFC 9112 section 5 has no such line and section 5.1 demands it of the space";
const COD = "a coding beside chunked is answered with 501 (RFC 9112 section 6.1): nothing here could check what is inside";
const VER = "only HTTP/1.0 and HTTP/1.1 are spoken; no client sends others, and a version that is not understood hides what else is not";
const GET =
  "content of a GET or HEAD is allowed (RFC 9110 section 9.3.1), so it is framed and forwarded, and the connection to the endpoint ends with it";
const NAME = 'another field by RFC 9110 section 5.1, and not the real one for readers that take "_" for "-" either';
const CONNECT = "CONNECT is not for a reverse proxy: 405";
const PROTOCOL = "another protocol than HTTP/1";
const HOST = "sub-delims in a host, which RFC 3986 section 3.2.2 allows and no name has, are read differently by readers";
const ABSOLUTE = "an endpoint gets the target in origin form (RFC 9112 section 3.2.1), which has a path";
const EMPTY = "an empty line before a status line is nothing RFC 9112 section 2.2 allows: it does so before request lines";

/** Desync cases of tier Ambiguous or Severe that are forwarded, and why. */
export const forwardedDesyncs: Readonly<Record<string, string>> = {
  "ambiguous#13": GET,
  "ambiguous#14": GET,
  "ambiguous#15": GET,
  "ambiguous#16": GET,
  "ambiguous#31": NAME,
  "ambiguous#32": NAME,
  "real-life-test-cases#1": GET,
  "real-life-test-cases#2": GET,
};

/** Desync cases of tier Compliant or Acceptable that are refused, and why. */
export const refusedCompliants: Readonly<Record<string, string>> = {
  "acceptable#1": CTL,
  "acceptable#2": CTL,
  "acceptable#3": CTL,
  "acceptable#4": CTL,
  "acceptable#7": VER,
  "acceptable#8": VER,
  "acceptable#9": VER,
  "bad-header-characters#12": CTL,
  "bad-header-characters#13": CTL,
  "bad-header-characters#14": CTL,
  "bad-header-characters#15": CTL,
  "more-compliant-tests#6": COD,
  "more-compliant-tests#8": COD,
  "more-compliant-tests#9": COD,
  "more-compliant-tests#10": COD,
};

/** Requests that llhttp reads otherwise, and why. */
export const differentRequests: Readonly<Record<string, string>> = {
  "method: CONNECT request": CONNECT,
  "method: CONNECT request with CAPS": CONNECT,
  "method: CONNECT with body": CONNECT,
  "uri: Underscore in hostname": CONNECT,
  "method: M-SEARCH request": "the asterisk is a target of OPTIONS only (RFC 9112 section 3.2.4)",
  "method: SOURCE request with ICE": PROTOCOL,
  "method: OPTIONS request with RTSP": PROTOCOL,
  "method: ANNOUNCE request with RTSP": PROTOCOL,
  "sample: curl GET": HOST,
  "sample: Firefox GET": HOST,
  "sample: No HTTP version": VER,
  "transfer-encoding: POST with `chunked` as last transfer-encoding": COD,
  "transfer-encoding: POST with `chunked` as last transfer-encoding (multiple headers)": COD,
  "uri: Fragment in URI": "a fragment is never sent (RFC 9110 section 4.2.5), and back ends cut it off or do not",
  "uri: Host terminated by a query string": ABSOLUTE,
  "uri: `host:port` terminated by a query string": ABSOLUTE,
  "uri: `host:port` terminated by a space": ABSOLUTE,
  "uri: `host:port` and basic auth": "user information in a target is refused, as RFC 9110 section 4.2.4 has it treated as an error",
};

/** Answers that llhttp reads otherwise, and why. */
export const differentResponses: Readonly<Record<string, string>> = {
  "connection: HTTP 100 first, then 400": EMPTY,
  "sample: Response starting with CRLF": EMPTY,
  "sample: RTSP response": PROTOCOL,
  "sample: ICE response": PROTOCOL,
  "sample: HTTP version 0.9": VER,
  "transfer-encoding: `chunked` before other transfer-encoding": COD,
  "transfer-encoding: multiple transfer-encoding where chunked is not the last one": COD,
  "transfer-encoding: `chunkedchunked` transfer-encoding does not enable chunked enconding": COD,
};
