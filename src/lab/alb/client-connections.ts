import type { Socket } from "node:net";

/** The connections of clients that are open, and what passed through all that ever were. */
export class ClientConnections {
  readonly #open = new Set<Socket>();
  #closedBytes = 0;

  add(socket: Socket): void {
    this.#open.add(socket);
    socket.once("close", () => {
      this.#open.delete(socket);
      this.#closedBytes += bytesOf(socket);
    });
  }

  get open(): number {
    return this.#open.size;
  }

  get bytes(): number {
    return [...this.#open].reduce((sum, socket) => sum + bytesOf(socket), this.#closedBytes);
  }
}

function bytesOf({ bytesRead, bytesWritten }: Socket): number {
  return bytesRead + bytesWritten;
}
