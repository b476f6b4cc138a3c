import { DATE } from "../../src/proxy/testing/made-date.ts";
import { FORWARDED, OK, type RfcCase, refusal, rfcCases } from "./rfc-kit.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const GOT = `GET / HTTP/1.1\r\nHost: a\r\n${FORWARDED}\r\n`;
const HEAD = { request: GET.replace("GET", "HEAD"), forwarded: GOT.replace("GET", "HEAD") };
const OLD = { request: "GET / HTTP/1.0\r\nHost: a\r\n\r\n" };
const CHUNKED = "HTTP/1.1 200 OK\r\nDate: then\r\nTransfer-Encoding: chunked\r\n\r\n";
const HINT = "HTTP/1.1 103 Early Hints\r\n\r\n";
const EVIL = "HTTP/1.1 200 OK\r\nDate: then\r\nContent-Length: 4\r\n\r\nevil";

/** An answer to a GET, and what the client gets; the same where nothing is said. */
function answers(asks: string, answer: string, answered: string | RegExp = answer, more: Partial<RfcCase> = {}): RfcCase {
  return { asks, request: GET, forwarded: GOT, answers: [answer], answered, ...more };
}

/** A head that is none: the client hears nothing of it. */
function refuses(asks: string, answer: string, reason: Parameters<typeof refusal>[0] = "PROXY_UPSTREAM_MALFORMED"): RfcCase {
  return { asks, request: GET, forwarded: GOT, answers: [answer], answered: refusal(reason, "PROXY_UPSTREAM_MALFORMED", false) };
}

/** An answer that turns out to be none when part of it is out: the client must see that it is broken. */
function breaks(asks: string, body: string): RfcCase {
  return { asks, request: GET, forwarded: GOT, answers: [`${CHUNKED}2\r\nok\r\n${body}`], answered: `${CHUNKED}2\r\nok\r\n`, isLast: true };
}

rfcCases("RFC 9110 section 6.6.1: Date", [
  answers(
    "a response without one gets the time it came",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${DATE}\r\nok`,
  ),
  answers("one that has it keeps it", OK),
  answers(
    "however it is written",
    "HTTP/1.1 200 OK\r\ndAtE:x\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ndAtE: x\r\nContent-Length: 0\r\n\r\n",
  ),
  answers("an interim response gets none", `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${OK}`),
]);

rfcCases("RFC 9112 section 4: the status line", [
  answers("the phrase goes on as it is", OK.replace("OK", "Quite  so \xfc")),
  answers("an empty one becomes the usual", OK.replace(" OK", " "), OK),
  answers("a version of 1.0 becomes ours", OK.replace("HTTP/1.1", "HTTP/1.0"), OK),
  answers("9110 15: a status that nobody knows goes on", OK.replace("200 OK", "299 Own")),
  answers("and one of the highest", OK.replace("200 OK", "599 Own")),
  refuses("9110 15: three digits", OK.replace("200", "20"), "WIRE_STATUS"),
  refuses("no more", OK.replace("200", "2000"), "WIRE_STATUS"),
  refuses("not below 100", OK.replace("200", "099"), "WIRE_STATUS"),
  refuses("nor from 600 on", OK.replace("200", "600"), "WIRE_STATUS"),
  refuses("one space before it", OK.replace(" 200", "  200"), "WIRE_STATUS"),
  refuses("no white space before the version", ` ${OK}`, "WIRE_VERSION"),
  refuses("HTTP in capitals", OK.replace("HTTP", "http"), "WIRE_VERSION"),
  refuses("no other major version", OK.replace("1.1", "2.0"), "WIRE_VERSION_UNSUPPORTED"),
  refuses("no control character in the phrase", OK.replace("OK", "O\0K"), "WIRE_START_LINE"),
  refuses("no empty line before it", `\r\n${OK}`, "WIRE_START_LINE"),
]);

rfcCases("RFC 9112 section 5: fields of responses", [
  refuses("5.1: white space before a colon would have to be taken out: it is refused", OK.replace("Date:", "Date :"), "WIRE_FIELD_NAME"),
  refuses("5.2: a folded line is a 502", OK.replace("Date: then", "Date: then\r\n now"), "WIRE_OBS_FOLD"),
  refuses("2.2: LF alone", OK.replace("then\r\n", "then\n"), "WIRE_LINE_ENDING"),
  refuses("2.2: CR alone", OK.replace("then\r\n", "then\r"), "WIRE_LINE_ENDING"),
  refuses("9110 5.5: NUL", OK.replace("then", "th\0en"), "WIRE_FIELD_VALUE"),
  answers("9110 5.3: Set-Cookie lines stay apart", OK.replace("Date", "Set-Cookie: a=1\r\nset-cookie: b=2\r\nDate")),
  answers("9110 5.5: obs-text goes on", OK.replace("then", "then\r\nX: \xfc\xff")),
]);

rfcCases("RFC 9112 section 6: how long a response is", [
  answers("6.3: Content-Length is heeded", OK),
  answers("6.3: chunks go on with their trailers", `${CHUNKED}2\r\nok\r\n0\r\nX-T: 1\r\n\r\n`),
  answers(
    "9110 6.5.1: but for those that have to be known before the content",
    `${CHUNKED}2\r\nok\r\n0\r\nSet-Cookie: a=b\r\nETag: "x"\r\nContent-Type: a/b\r\nLocation: /\r\ngrpc-status: 0\r\n\r\n`,
    `${CHUNKED}2\r\nok\r\n0\r\nETag: "x"\r\ngrpc-status: 0\r\n\r\n`,
  ),
  answers("7.1.1: their extensions do not", `${CHUNKED}2;a=b\r\nok\r\n0\r\n\r\n`, `${CHUNKED}2\r\nok\r\n0\r\n\r\n`),
  answers("6.3: with neither it is up to the end", "HTTP/1.1 200 OK\r\nDate: then\r\n\r\nok", `${CHUNKED}2\r\nok\r\n0\r\n\r\n`, {
    ends: true,
  }),
  answers(
    "6.1: HTTP/1.0 clients get no chunks",
    `${CHUNKED}2\r\nok\r\n0\r\n\r\n`,
    "HTTP/1.1 200 OK\r\nDate: then\r\nConnection: close\r\n\r\nok",
    OLD,
  ),
  refuses("6.3: Transfer-Encoding and Content-Length", CHUNKED.replace("Date", "Content-Length: 2\r\nDate"), "WIRE_LENGTH_AND_CODING"),
  refuses("6.3: two lengths", OK.replace("Date", "Content-Length: 3\r\nDate"), "WIRE_CONTENT_LENGTH"),
  refuses("9110 8.6: even if they agree", OK.replace("Date", "Content-Length: 2\r\nDate"), "WIRE_CONTENT_LENGTH"),
  refuses("9110 8.6: a list of lengths", OK.replace("Length: 2", "Length: 2, 2"), "WIRE_CONTENT_LENGTH"),
  refuses("9110 8.6: a length that is no number", OK.replace("Length: 2", "Length: +2"), "WIRE_CONTENT_LENGTH"),
  refuses("6.1: another coding", CHUNKED.replace("chunked", "gzip, chunked"), "WIRE_CODING_UNSUPPORTED"),
  refuses("6.1: a coding in HTTP/1.0", CHUNKED.replace("1.1", "1.0"), "WIRE_CODING_IN_HTTP10"),
  refuses("6.1: a coding that is repeated", CHUNKED.replace("Date", "Transfer-Encoding: chunked\r\nDate"), "WIRE_CODING_REPEATED"),
  breaks("7.1: a size that is no number", "x\r\n"),
  breaks("7.1: a size that is too large", "fffffffffffffffff\r\n"),
  breaks("7.1: a line that ends with LF", "0\n\r\n"),
  breaks("9110 6.5.1: a length in the trailers", "0\r\nContent-Length: 5\r\n\r\n"),
  { ...breaks("8: chunks that break off are not whole", ""), ends: true },
  {
    ...answers("8: nor is less than Content-Length says", OK.replace("Length: 2", "Length: 5"), OK.replace("Length: 2", "Length: 5")),
    ends: true,
    isLast: true,
  },
  answers("9.2: what a back end says beyond its answer is nobody's", OK + EVIL, OK),
  answers("9.2: nor behind a chunked one", `${CHUNKED}0\r\n\r\n${EVIL}`, `${CHUNKED}0\r\n\r\n`),
]);

rfcCases("RFC 9110 sections 9.3.2 and 15: responses without a body", [
  answers("9.3.2: the length of an answer to HEAD is that of one to GET", OK.replace("ok", ""), undefined, HEAD),
  answers("9112 6.1: its coding is about a body that does not come", CHUNKED, "HTTP/1.1 200 OK\r\nDate: then\r\n\r\n", HEAD),
  answers("9112 6.3: a body to HEAD all the same is nobody's", OK, OK.replace("ok", ""), HEAD),
  answers("15.3.5: 204", "HTTP/1.1 204 No Content\r\nDate: then\r\n\r\n"),
  answers(
    "8.6: has no length",
    "HTTP/1.1 204 No Content\r\nDate: then\r\nContent-Length: 4\r\n\r\nevil",
    "HTTP/1.1 204 No Content\r\nDate: then\r\n\r\n",
  ),
  answers(
    "9112 6.1: nor a coding",
    "HTTP/1.1 204 No Content\r\nDate: then\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 204 No Content\r\nDate: then\r\n\r\n",
  ),
  answers(
    "15.4.5: 304 keeps its length, and has no body",
    "HTTP/1.1 304 Not Modified\r\nDate: then\r\nContent-Length: 9\r\nETag: x\r\n\r\n",
  ),
  answers(
    "15.4.5: whatever follows",
    `HTTP/1.1 304 Not Modified\r\nDate: then\r\n\r\n${EVIL}`,
    "HTTP/1.1 304 Not Modified\r\nDate: then\r\n\r\n",
  ),
  answers("15.3.6: 205 is as long as it says", OK.replace("200 OK", "205 Reset Content").replace("2\r\n\r\nok", "0\r\n\r\n")),
]);

rfcCases("RFC 9110 section 15.2: interim responses", [
  answers(
    "all that were sent go on, one after another",
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${OK}`,
  ),
  answers(
    "15.2: HTTP/1.0 clients get none",
    `HTTP/1.1 103 Early Hints\r\n\r\n${OK}`,
    OK.replace("2\r\n\r\n", "2\r\nConnection: close\r\n\r\n"),
    OLD,
  ),
  answers("8.6: no length in them", `HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n${OK}`, `HTTP/1.1 103 Early Hints\r\n\r\n${OK}`),
  refuses(
    "15.2.2: a switch of protocols that nobody asked for",
    `HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n${EVIL}`,
    "PROXY_UPGRADE",
  ),
  answers(
    "more of them than anybody needs are a 502",
    HINT.repeat(17) + OK,
    HINT.repeat(16) + refusal("PROXY_UPSTREAM_MALFORMED", undefined, false),
  ),
]);
