import { FORWARDED, OK, type RfcCase, refusal, rfcCases } from "./rfc-kit.ts";

const START = "GET / HTTP/1.1\r\nHost: a\r\n";
const LAST = OK.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");

/** Field lines of a request, what is left of them, and what the client gets. */
function request(asks: string, lines: string, left = "", more: Partial<RfcCase> = {}): RfcCase {
  return { asks, request: `${START}${lines}\r\n`, forwarded: `${START}${left}${FORWARDED}\r\n`, answered: OK, ...more };
}

/** Field lines of an answer, and what is left of them. */
function response(asks: string, lines: string, left = ""): RfcCase {
  const answer = (fields: string): string => OK.replace("Content", `${fields}Content`);
  return { ...request(asks, ""), answers: [answer(lines)], answered: answer(left) };
}

rfcCases("RFC 9110 section 7.6.1: fields about one connection", [
  request("Connection is not sent on", "Connection: keep-alive\r\n"),
  request("nor what it names", "Connection: X-A, x-b\r\nX-A: 1\r\nX-B: 2\r\nX-C: 3\r\n", "X-C: 3\r\n"),
  request("in any case", "CONNECTION: X-a\r\nx-A: 1\r\n"),
  request("on several lines", "Connection: X-A\r\nX-A: 1\r\nConnection: X-B\r\nX-B: 2\r\n"),
  request("with nothing between commas", "Connection: ,, X-A ,\t,\r\nX-A: 1\r\n"),
  request("however often it stands there", "X-A: 1\r\nConnection: X-A\r\nX-A: 2\r\n"),
  request("a name that is no name takes nothing away", 'Connection: X A, "X-A"\r\nX-A: 1\r\n', "X-A: 1\r\n"),
  request("what every recipient needs can not be named away", "Connection: Host, X-Forwarded-For, X-Forwarded-Proto\r\n"),
  request("anything else can: a client harms itself alone", "Connection: Authorization, Cookie\r\nAuthorization: b\r\nCookie: c\r\n"),
  request(
    "Keep-Alive, Proxy-Connection, TE and Upgrade are not, whether named or not",
    "Keep-Alive: 5\r\nProxy-Connection: keep-alive\r\nTE: gzip\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n",
  ),
  request(
    "11.7.1: nor what a proxy was told to be let through",
    "Proxy-Authorization: Basic x\r\nAuthorization: Basic y\r\n",
    "Authorization: Basic y\r\n",
  ),
  request("6.6.2: Trailer is for all", "Trailer: X-T\r\n", "Trailer: X-T\r\n"),
  response(
    "an answer's Connection and what it names are not sent on",
    "Connection: X-A, keep-alive\r\nX-A: 1\r\nKeep-Alive: timeout=5\r\nX-B: 2\r\n",
    "X-B: 2\r\n",
  ),
  response(
    "nor its Proxy-Connection, Upgrade and Proxy-Authenticate",
    "Proxy-Connection: x\r\nUpgrade: h2c\r\nProxy-Authenticate: Basic\r\n",
  ),
  response("its framing can not be named away", "Connection: Content-Length\r\n"),
  response("6.6.2: its Trailer goes on", "Trailer: X-T\r\n", "Trailer: X-T\r\n"),
]);

rfcCases(
  "RFC 9110 section 7.6.3: Via, where it is asked for",
  [
    request("says what was spoken and to whom", "", "", { forwarded: `${START}${FORWARDED}Via: 1.1 edge\r\n\r\n` }),
    request("behind those before", "Via: 1.0 first\r\n", "", { forwarded: `${START}Via: 1.0 first\r\n${FORWARDED}Via: 1.1 edge\r\n\r\n` }),
    request("with what proxies said", "X-Forwarded-Proto: https\r\n", "", {
      forwarded: /\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\nX-Forwarded-Host: a\r\nVia: 1\.1 edge\r\n\r\n$/,
    }),
    {
      ...request("of a client of HTTP/1.0 too", ""),
      request: `${START.replace("1.1", "1.0")}\r\n`,
      forwarded: `${START}${FORWARDED}Via: 1.0 edge\r\n\r\n`,
      answered: LAST,
    },
  ],
  { via: "edge" },
);

rfcCases("RFC 9110 section 10.1.4: TE", [
  request("trailers, which gRPC insists on, is said anew", "TE: trailers\r\nConnection: TE\r\n", "", {
    forwarded: `${START}${FORWARDED}Connection: TE\r\nTE: trailers\r\n\r\n`,
  }),
  request("and nothing of a list besides", "Connection: TE\r\nTE: deflate;q=0.5, Trailers\r\n", "", {
    forwarded: `${START}${FORWARDED}Connection: TE\r\nTE: trailers\r\n\r\n`,
  }),
  request("a coding that ends so is another", "Connection: TE\r\nTE: x-trailers\r\n"),
]);

rfcCases("RFC 9112 section 9.3: connections that go on", [
  request("9.6: a client that says close gets it, and the end", "Connection: close\r\n", "", { answered: LAST }),
  request("9.6: in any case and company", "Connection: X-A, CLOSE\r\n", "", { answered: LAST }),
  request("9.3: close outweighs keep-alive", "Connection: keep-alive, close\r\n", "", { answered: LAST }),
  {
    ...request("9.6: what is behind it is not answered", ""),
    request: `${START}Connection: close\r\n\r\n${START}\r\n`,
    answered: LAST,
  },
  {
    ...request("9.3: HTTP/1.0 ends with its answer", ""),
    request: START.replace("1.1", "1.0") + "\r\n",
    answered: LAST,
  },
  {
    ...request("9.3: but for who asks that it does not, and is told so", ""),
    request: `${START.replace("1.1", "1.0")}Connection: Keep-Alive\r\n\r\n`,
    answered: OK.replace("\r\n\r\n", "\r\nConnection: keep-alive\r\n\r\n"),
  },
  {
    ...response("9.3: an HTTP/1.0 answer is passed on as one of ours", ""),
    answers: [OK.replace("1.1", "1.0")],
    ends: true,
  },
  { ...response("9.6: a back end that closes does not end the client's connection", "Connection: close\r\n"), ends: true },
]);

rfcCases("RFC 9110 section 7.8: Upgrade", [
  request("another protocol than WebSocket is not asked for", "Connection: Upgrade\r\nUpgrade: h2c\r\n"),
  request("nor is one whose Connection does not name it", "Upgrade: websocket\r\n"),
  {
    ...request("nor by another method than GET", ""),
    request: "POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    forwarded: `POST / HTTP/1.1\r\nHost: a\r\n${FORWARDED}\r\n`,
  },
  {
    ...request("nor by HTTP/1.0", ""),
    request: `${START.replace("1.1", "1.0")}Connection: Upgrade, keep-alive\r\nUpgrade: websocket\r\n\r\n`,
    answered: OK.replace("\r\n\r\n", "\r\nConnection: keep-alive\r\n\r\n"),
  },
  request("a back end may decline", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n", "", {
    forwarded: `${START}Sec-WebSocket-Version: 13\r\n${FORWARDED}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  }),
  request("one that switches to another protocol is a 502", "Connection: Upgrade\r\nUpgrade: websocket\r\n", "", {
    forwarded: `${START}${FORWARDED}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    answers: ["HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n"],
    answered: refusal("PROXY_UPGRADE", undefined, false),
  }),
]);
