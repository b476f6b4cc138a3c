import { FORWARDED, OK, type RfcCase, refusal, rfcCases } from "./rfc-kit.ts";

/** A method, its field lines, what becomes of them, and what the client gets. */
function request(asks: string, line: string, lines: string, forwardedLines: string, more: Partial<RfcCase> = {}): RfcCase {
  return {
    asks,
    request: `${line} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`,
    forwarded: `${line} HTTP/1.1\r\nHost: a\r\n${forwardedLines}\r\n`,
    answered: OK,
    ...more,
  };
}

const WAITS = "Expect: 100-continue\r\nContent-Length: 2\r\n";
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
const TOO_LARGE = "HTTP/1.1 413 Content Too Large\r\nDate: then\r\nContent-Length: 0\r\n\r\n";

rfcCases("RFC 9110 section 9.3: methods", [
  request("9.3.1: content of a GET goes on, and the back end's connection ends with it", "GET /", "Content-Length: 2\r\n\r\nab", "", {
    request: "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab",
    forwarded: `GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n${FORWARDED}Connection: close\r\n\r\nab`,
  }),
  request("9.3.4: PUT without content", "PUT /", "", FORWARDED),
  request("9.3.5: DELETE with content", "DELETE /", "", "", {
    request: "DELETE / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab",
    forwarded: `DELETE / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n${FORWARDED}\r\nab`,
  }),
  request("9.3.6, 15.5.6: CONNECT is not for a reverse proxy, which says what is", "CONNECT a:80", "", "", {
    forwarded: "",
    answered: refusal("PROXY_METHOD"),
  }),
  request("9.3.7: OPTIONS", "OPTIONS /a", "", FORWARDED),
]);

rfcCases("RFC 9110 sections 9.3.8 and 7.6.2: TRACE and Max-Forwards", [
  request("one hop less for OPTIONS", "OPTIONS /", "Max-Forwards: 5\r\n", `Max-Forwards: 4\r\n${FORWARDED}`),
  request("and for TRACE", "TRACE /", "Max-Forwards: 1\r\n", `Max-Forwards: 0\r\n${FORWARDED}`),
  request("it says nothing for others", "GET /", "Max-Forwards: 0\r\n", `Max-Forwards: 0\r\n${FORWARDED}`),
  request("what is no number is left as it is", "OPTIONS /", "Max-Forwards: x\r\n", `Max-Forwards: x\r\n${FORWARDED}`),
  request("at the end of its hops OPTIONS is answered here", "OPTIONS /", "Max-Forwards: 0\r\n", "", {
    forwarded: "",
    answered: "HTTP/1.1 200 OK\r\nDate: <now>\r\nServer: holdfast\r\nContent-Length: 0\r\n\r\n",
  }),
  request("and TRACE not, as what came is shown to nobody", "TRACE /", "Max-Forwards: 0\r\n", "", {
    forwarded: "",
    answered: "HTTP/1.1 501 Not Implemented\r\nDate: <now>\r\nServer: holdfast\r\nContent-Length: 0\r\n\r\n",
  }),
  request(
    "9.3.8: no credentials and cookies go with a TRACE, which would come back",
    "TRACE /",
    "Authorization: x\r\nCookie: y\r\nX: z\r\n",
    `X: z\r\n${FORWARDED}`,
  ),
  request("9.3.8: a TRACE has no content", "TRACE /", "", "", {
    request: "TRACE / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab",
    forwarded: "",
    answered: refusal("WIRE_TRACE_CONTENT"),
  }),
]);

rfcCases("RFC 9110 section 10.1.1: Expect", [
  request("100-continue goes on, and what the back end says of it comes back", "PUT /", WAITS, "", {
    request: `PUT / HTTP/1.1\r\nHost: a\r\n${WAITS}\r\nab`,
    forwarded: `PUT / HTTP/1.1\r\nHost: a\r\n${WAITS}${FORWARDED}\r\nab`,
    answers: [CONTINUE + OK],
    answered: CONTINUE + OK,
  }),
  request("a back end that refuses at once is heard, and the connection ends", "PUT /", WAITS, `${WAITS}${FORWARDED}`, {
    isEarly: true,
    answers: [TOO_LARGE],
    answered: TOO_LARGE.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"),
  }),
  request("in any case", "PUT /", "", "", {
    request: "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 0\r\n\r\n",
    forwarded: `PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 0\r\n${FORWARDED}\r\n`,
  }),
  ...["200-ok", "100-continue, x", "100-continue=1", ""].map((expectation) =>
    request(`anything else is a 417: ${JSON.stringify(expectation)}`, "PUT /", `Expect: ${expectation}\r\n`, "", {
      forwarded: "",
      answered: refusal("PROXY_EXPECTATION"),
    }),
  ),
  request("HTTP/1.0 expects nothing", "PUT /", "", "", {
    request: "PUT / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab",
    forwarded: `PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n${FORWARDED}\r\nab`,
    answers: [CONTINUE + OK],
    answered: OK.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"),
  }),
]);
