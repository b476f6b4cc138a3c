import { DATE, FORWARDED, OK, type RfcCase, rfcCases } from "./rfc-kit.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const GOT = `GET / HTTP/1.1\r\nHost: a\r\n${FORWARDED}\r\n`;

/** An answer to a GET, and what the client gets; the same where nothing is said. */
function answers(asks: string, answer: string, answered = answer, more: Partial<RfcCase> = {}): RfcCase {
  return { asks, request: GET, forwarded: GOT, answers: [answer], answered, ...more };
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
