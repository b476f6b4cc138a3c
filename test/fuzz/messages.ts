import type { Random } from "../../src/kernel/index.ts";
import type { LlhttpKind } from "../../src/wire/testing/llhttp.ts";

/** Messages that are whole and right; every fuzzed one begins as one of these. */
export const BASES: Readonly<Record<LlhttpKind, readonly string[]>> = {
  request: [
    "GET /a?b HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n",
    "\r\nHEAD http://a:80/x HTTP/1.1\r\nHost: a:80\r\nAccept:*/*\r\nX:\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\nT: u\r\n\r\n",
    'PATCH /b HTTP/1.1\r\nHost: a\r\nTrailer: T\r\ntransfer-encoding:  CHUNKED \r\n\r\n00A;q="a\\"b";r;s=t\r\n0123456789\r\nb\r\n0123456789a\r\n000\r\nT: u\r\nV:\tw \r\n\r\nG',
    "PUT /x HTTP/1.0\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok",
    "DELETE /%20 HTTP/1.1\r\nHost: a\r\nConnection: close, TE\r\nTE: trailers\r\nCookie: a=b; c=\xe9\r\n\r\n",
  ],
  response: [
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nServer: s\r\n\r\nuntil the end",
    "HTTP/1.0 404 Not Found\r\nContent-Length:0\r\n\r\n",
    "HTTP/1.1 204 No Content\r\nETag: x\r\n\r\nHTTP/1.1 200 OK\r\n",
    "HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.1 500 \r\nTransfer-Encoding: chunked\r\n\r\n1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0;n=v\r\nGrpc-Status: 0\r\n\r\n",
    "HTTP/1.1 302 Fo\xfcnd\r\nLocation: /a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ],
};

const INSERTS: readonly string[] = [
  ...Array.from('\r\n \t\0:;,="\\/?#*%+-_.0159afxG\x0b\x7f\x80\xff'),
  "\r\n",
  "\r\n\r\n",
  "\r\r\n",
  "\n\n",
  "0\r\n\r\n",
  "0x",
  "chunked",
  "identity, ",
  ", chunked",
  "Content-Length: 1\r\n",
  "Content-Length: 5\r\n",
  "content_length: 5\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding : chunked\r\n",
  "Connection: close\r\n",
  "Connection: upgrade\r\nUpgrade: websocket\r\n",
  "Host: b\r\n",
  "HTTP/1.1",
  "HTTP/1.0",
  "HTTP/2.0",
  "GET ",
  "CONNECT a:1",
  "00000000000000000000000000000000",
  "ffffffffffffffff",
  "9007199254740993",
];

/** One of the bases with one to four changes: something put in, taken out, said twice, taken from another message, or a bit turned. */
export function mutate(kind: LlhttpKind, random: Random): string {
  const upTo = (count: number): number => Math.floor(random.next() * count);
  const bases = BASES[kind];
  const pick = <Item>(items: readonly Item[]): Item => items[upTo(items.length)] as Item;
  let text = pick(bases);
  for (let left = 1 + Math.floor(4 * random.next() ** 2); left > 0; left--) {
    const at = upTo(text.length + 1);
    const length = upTo(8);
    switch (upTo(6)) {
      case 0:
        text = text.slice(0, at) + text.slice(at + length);
        break;
      case 1:
        text = text.slice(0, at + length) + text.slice(at);
        break;
      case 2: {
        const other = pick(bases);
        const from = upTo(other.length);
        text = text.slice(0, at) + other.slice(from, from + upTo(30)) + text.slice(at);
        break;
      }
      case 3:
        text = text.slice(0, at) + String.fromCharCode((text.charCodeAt(at) || 0) ^ (1 << upTo(8))) + text.slice(at + 1);
        break;
      default: {
        const isLine = random.next() < 0.3;
        const place = isLine ? text.indexOf("\r\n", at) + 2 : at;
        text = text.slice(0, place) + pick(INSERTS) + text.slice(place + (random.next() < 0.3 ? 1 : 0));
      }
    }
  }
  return text;
}
