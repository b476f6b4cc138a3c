import { createServer } from "node:net";

import type { ListenAddress } from "./listeners.ts";

/** What came of trying an address. */
export type ListenProbe =
  | { readonly type: "free"; readonly port: number }
  | { readonly type: "taken" }
  | { readonly type: "refused"; readonly problem: string };

/**
 * Tries an address alone, without SO_REUSEPORT. `taken` is no verdict: a router that drains while its successor starts shares
 * the port, and only a worker's own attempt tells whether the other listener allows that. For port 0 it finds a free one, so
 * that all workers come to listen on the same.
 */
export function probeListen(address: ListenAddress): Promise<ListenProbe> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) =>
      resolve(error.code === "EADDRINUSE" ? { type: "taken" } : { type: "refused", problem: error.message }),
    );
    server.listen({ host: address.host, port: address.port, exclusive: true }, () => {
      const bound = server.address();
      const port = typeof bound === "object" && bound !== null ? bound.port : address.port;
      server.close(() => resolve({ type: "free", port }));
    });
  });
}
