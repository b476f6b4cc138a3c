import type { Agent } from "node:http";

/**
 * Calls `send` when the agent's idle connections are known to be open, as far as this machine has heard: after a whole
 * turn of the event loop, in which every FIN and RST that has arrived by now is read, and without those it closed.
 * Node's agent alone may hand out a connection whose FIN waits to be read, or that is closed already (with `lifo` it
 * looks at the oldest only). What is left is the true race: a close that crosses the request on the wire.
 */
export function whenIdleConnectionsAreChecked(agent: Agent, send: () => void): void {
  // The first immediate still belongs to the turn whose events were fetched before now; the second follows a new poll.
  setImmediate(() => {
    setImmediate(() => {
      dropClosed(agent);
      send();
    });
  });
}

function dropClosed(agent: Agent): void {
  for (const sockets of Object.values(agent.freeSockets)) {
    if (sockets === undefined) continue;
    for (let index = sockets.length - 1; index >= 0; index -= 1) {
      const socket = sockets[index];
      if (socket === undefined || (socket.writable && !socket.readableEnded)) continue;
      sockets.splice(index, 1);
      socket.destroy();
    }
  }
}
