import type { ClientHttp2Session, ClientSessionOptions } from "node:http2";
import type { Socket } from "node:net";
import type { ProxyLimits } from "../options.ts";

/** Speaks HTTP/2 to an endpoint over a socket that need not be connected yet. */
export function openSession(socket: Socket, authority: string, limits: ProxyLimits): ClientHttp2Session {
  const { http2Upstream, responseHead, requestHead } = limits;
  // @types/node does not know strictSingleValueFields of clients yet.
  const options: ClientSessionOptions & { readonly strictSingleValueFields: boolean } = {
    createConnection: () => socket,
    maxSessionMemory: Math.ceil(http2Upstream.sessionMemoryBytes / 1_000_000),
    maxHeaderListPairs: responseHead.fieldLines + 1,
    // Fields compress badly at worst: a head that came in goes out.
    maxSendHeaderBlockLength: 2 * requestHead.headBytes,
    // What clients say twice is passed on; node:http2 would throw.
    strictSingleValueFields: false,
    // Else nghttp2 leaves out what has white space around its value, and a response that is malformed passes for whole.
    strictFieldWhitespaceValidation: false,
    settings: {
      enablePush: false,
      initialWindowSize: http2Upstream.streamWindowBytes,
      maxHeaderListSize: responseHead.headBytes,
    },
  };
  // node:http2 is read where it is used: a worker without it starts sooner.
  const session = process.getBuiltinModule("node:http2").connect(`http://${authority}`, options);
  session.on("connect", () => session.setLocalWindowSize(http2Upstream.connectionWindowBytes));
  return session;
}
