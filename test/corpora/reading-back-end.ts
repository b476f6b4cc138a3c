import { RawServer } from "../../src/proxy/testing/raw-peers.ts";
import { Llhttp, type LlhttpReading } from "../../src/wire/testing/llhttp.ts";

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const REFUSAL = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/** A back end that keeps the bytes it gets, reads them with llhttp, and answers each request that llhttp finds whole, or refuses. */
export class ReadingBackEnd {
  readonly server = new RawServer();
  readonly #llhttp = new Llhttp();

  /** From now on it answers by what it reads, and remembers nothing of what came before. */
  start(): void {
    const answered = new Map<object, number>();
    for (const connection of this.server.connections) connection.received = "";
    this.server.onData = (connection) => {
      const { messages, error } = this.#read(connection.received);
      for (let sent = answered.get(connection) ?? 0; sent < messages.length; sent++) connection.send(ANSWER);
      answered.set(connection, messages.length);
      if (error !== "") connection.socket.end(REFUSAL);
    };
  }

  /** From now on it answers the first request on each connection with these bytes and the end. */
  startWith(answer: string): void {
    for (const connection of this.server.connections) connection.received = "";
    this.server.onData = (connection) => {
      if (connection.socket.writableEnded || this.#read(connection.received).messages.length === 0) return;
      connection.send(answer);
      connection.socket.end();
    };
  }

  /** What came, connection after connection. */
  get received(): string {
    return this.server.connections.map(({ received }) => received).join("");
  }

  /** What llhttp made of it, connection by connection. */
  get readings(): readonly LlhttpReading[] {
    return this.server.connections.filter(({ received }) => received !== "").map(({ received }) => this.#read(received));
  }

  #read(received: string): LlhttpReading {
    return this.#llhttp.read("request", Buffer.from(received, "latin1"));
  }
}
