import { readFileSync } from "node:fs";
import { type ServerHttp2Stream, createSecureServer } from "node:http2";

/** What node:http2 costs by itself: it answers as the back end of the bench does, without asking one. `node bare-http2.ts PORT CERTIFICATE KEY`. */
const [port = "0", certificate = "", key = ""] = process.argv.slice(2);
const BODY = Buffer.from("hello world hello world hello world\n");
const server = createSecureServer({ cert: readFileSync(certificate), key: readFileSync(key) });
server.on("stream", (stream: ServerHttp2Stream) => {
  stream.respond({ ":status": 200, "content-length": BODY.length });
  stream.end(BODY);
});
server.listen(Number(port), "127.0.0.1");
