import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Duplex } from "node:stream";
import type { Socket } from "node:net";

/** Throws when nothing may be sent now. */
export type Guard = () => void;

type Opened = (error: Error | null, socket: Duplex) => void;

/**
 * Agents that ask the guard once more when a connection is ready, in the moment before the request is written to it: connecting can take as long
 * as this process is stopped meanwhile.
 */
export function guardedAgents(guard: Guard): { readonly httpAgent: HttpAgent; readonly httpsAgent: HttpsAgent } {
  const httpAgent = new HttpAgent({ keepAlive: true });
  const httpsAgent = new HttpsAgent({ keepAlive: true });
  askWhenOpen(httpAgent, "connect", guard);
  askWhenOpen(httpsAgent, "secureConnect", guard);
  return { httpAgent, httpsAgent };
}

/** A socket that is handed over by `opened`, and not answered at once, is given its request only then (Node, `agent.createConnection`). */
function askWhenOpen(agent: HttpAgent, event: "connect" | "secureConnect", guard: Guard): void {
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, opened: Opened = () => {}) => {
    const socket = connect(options) as Socket;
    const failed = (error: Error): void => opened(error, socket);
    socket.once("error", failed);
    socket.once(event, () => {
      socket.removeListener("error", failed);
      try {
        guard();
        opened(null, socket);
      } catch (refusal) {
        socket.destroy();
        opened(refusal as Error, socket);
      }
    });
    return undefined;
  };
}
