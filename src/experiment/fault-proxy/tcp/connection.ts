import { type Socket, connect } from "node:net";
import type { Clock, Random } from "../../../kernel/index.ts";
import { Link } from "./link.ts";
import type { StreamName, Toxic } from "./toxic.ts";

export interface ConnectionHost {
  readonly clock: Clock;
  readonly random: Random;
  readonly upstream: { readonly host: string; readonly port: number };
  /** The address that the upstream sees; undefined: the machine's choice. */
  readonly from: string | undefined;
  toxics(): readonly Toxic[];
  counted(stream: StreamName, what: "received" | "sent", bytes: number): void;
  closed(connection: Connection): void;
}

/** A client's connection and its twin to the upstream, with a link in each direction. An end of one is an end of the other; a reset of one is a reset of the other. */
export class Connection {
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #host: ConnectionHost;
  readonly #links: Readonly<Record<StreamName, Link>>;
  #turns = 0;
  #lastFrom: StreamName = "downstream";

  constructor(client: Socket, host: ConnectionHost) {
    this.#client = client;
    this.#host = host;
    client.setNoDelay(true);
    this.#upstream = connect({
      ...host.upstream,
      ...(host.from === undefined ? {} : { localAddress: host.from }),
      allowHalfOpen: true,
      noDelay: true,
    });
    this.#links = { upstream: this.#link("upstream"), downstream: this.#link("downstream") };
    this.#bind(this.#client, this.#upstream);
    this.#bind(this.#upstream, this.#client);
    let isOpen = false;
    this.#upstream.once("connect", () => {
      isOpen = true;
      for (const link of Object.values(this.#links)) link.start();
    });
    this.#upstream.once("error", () => {
      // As Toxiproxy does: who cannot be connected to is a connection that closes without a byte.
      if (!isOpen) this.#client.destroy();
    });
  }

  add(toxic: Toxic): void {
    this.#links[toxic.stream].add(toxic);
  }

  change(toxic: Toxic): void {
    this.#links[toxic.stream].change(toxic);
  }

  remove(toxic: Toxic): void {
    this.#links[toxic.stream].remove(toxic.name);
  }

  destroy(): void {
    this.#client.destroy();
    this.#upstream.destroy();
  }

  #link(stream: StreamName): Link {
    const [source, target] = stream === "upstream" ? [this.#client, this.#upstream] : [this.#upstream, this.#client];
    const toxics = this.#host.toxics().filter((toxic) => toxic.stream === stream);
    return new Link(source, target, toxics, {
      clock: this.#host.clock,
      random: this.#host.random,
      turns: () => this.#turns,
      received: (bytes) => {
        if (this.#lastFrom !== stream) this.#turns += 1;
        this.#lastFrom = stream;
        this.#host.counted(stream, "received", bytes);
      },
      sent: (bytes) => this.#host.counted(stream, "sent", bytes),
      closed: (how) => {
        if (how === "reset") {
          reset(this.#client);
          reset(this.#upstream);
        } else if (target.writableFinished || target.destroyed) this.destroy();
        else target.once("finish", () => this.destroy());
      },
    });
  }

  #bind(socket: Socket, other: Socket): void {
    socket.on("error", (error: NodeJS.ErrnoException) => {
      // What was reset must not look as if it had ended in order: an answer without a length would be taken for a whole one.
      if (error.code === "ECONNRESET" || error.code === "EPIPE") reset(other);
    });
    socket.on("close", () => {
      if (!other.destroyed && !socket.readableEnded) other.destroySoon();
      if (!this.#client.destroyed || !this.#upstream.destroyed) return;
      for (const link of Object.values(this.#links)) link.stop();
      this.#host.closed(this);
    });
  }
}

function reset(socket: Socket): void {
  if (!socket.destroyed) socket.resetAndDestroy();
}
