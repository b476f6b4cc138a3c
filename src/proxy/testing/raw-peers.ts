import { type Server, type Socket, connect, createServer } from "node:net";

/** A client that sends exact bytes and keeps exactly what came back (latin1). */
export class RawClient {
  readonly socket: Socket;
  received = "";
  hasEnded = false;
  isClosed = false;
  #waiting: (() => void)[] = [];

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    this.socket.on("data", (data) => {
      this.received += data.toString("latin1");
      this.#wake();
    });
    this.socket.on("end", () => {
      this.hasEnded = true;
      this.#wake();
    });
    this.socket.on("error", () => {});
    this.socket.on("close", () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  send(text: string): this {
    this.socket.write(text, "latin1");
    return this;
  }

  /** Waits until what came holds `text` (or matches). Rejects when the connection ends first. */
  async until(text: string | RegExp): Promise<string> {
    await this.#when(() => (typeof text === "string" ? this.received.includes(text) : text.test(this.received)), String(text));
    return this.received;
  }

  /** Waits for the server to end or break the connection. */
  async ended(): Promise<string> {
    await this.#when(() => this.hasEnded || this.isClosed, "the end");
    return this.received;
  }

  /** Forgets what came so far. */
  clear(): void {
    this.received = "";
  }

  close(): void {
    this.socket.destroy();
  }

  async #when(holds: () => boolean, what: string): Promise<void> {
    while (!holds()) {
      if (this.hasEnded || this.isClosed) throw new Error(`the connection ended before ${what}; it got ${JSON.stringify(this.received)}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** One connection that reached a {@link RawServer}. */
export class RawConnection {
  readonly socket: Socket;
  received = "";
  hasEnded = false;
  isClosed = false;
  readonly #wake: () => void;

  constructor(socket: Socket, wake: () => void) {
    this.socket = socket;
    this.#wake = wake;
  }

  /** Takes what has come, up to the end of the first request head and `bodyLength` bytes behind it, off the front. */
  takeRequest(bodyLength = 0): string | undefined {
    const head = this.received.indexOf("\r\n\r\n");
    if (head < 0 || this.received.length < head + 4 + bodyLength) return undefined;
    const request = this.received.slice(0, head + 4 + bodyLength);
    this.received = this.received.slice(head + 4 + bodyLength);
    return request;
  }

  send(text: string): this {
    this.socket.write(text, "latin1");
    return this;
  }

  wake(): void {
    this.#wake();
  }
}

/** A server that answers nothing by itself: the test reads what reached it and writes exact bytes back. */
export class RawServer {
  readonly connections: RawConnection[] = [];
  readonly #server: Server;
  #waiting: (() => void)[] = [];
  /** Called for every piece that arrives, for servers that answer by rule. */
  onData: ((connection: RawConnection) => void) | undefined = undefined;
  port = 0;

  constructor() {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const connection = new RawConnection(socket, () => this.#wake());
      this.connections.push(connection);
      socket.on("data", (data) => {
        connection.received += data.toString("latin1");
        this.onData?.(connection);
        this.#wake();
      });
      socket.on("end", () => {
        connection.hasEnded = true;
        this.#wake();
      });
      socket.on("error", () => {});
      socket.on("close", () => {
        connection.isClosed = true;
        this.#wake();
      });
      this.#wake();
    });
  }

  listen(port = 0): Promise<this> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, "127.0.0.1", () => {
        const address = this.#server.address();
        if (typeof address === "object" && address !== null) this.port = address.port;
        resolve(this);
      });
    });
  }

  /** Answers every request without a body with `answer` (or what it returns for the request). */
  answer(answer: string | ((request: string) => string)): this {
    this.onData = (connection) => {
      for (let request = connection.takeRequest(); request !== undefined; request = connection.takeRequest()) {
        connection.send(typeof answer === "string" ? answer : answer(request));
      }
    };
    return this;
  }

  /** Waits for a value. */
  async when<Value>(what: () => Value | undefined | false): Promise<Value> {
    for (;;) {
      const value = what();
      if (value !== undefined && value !== false) return value;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** The next whole request on any connection, and the connection. */
  request(bodyLength = 0): Promise<{ readonly connection: RawConnection; readonly text: string }> {
    return this.when(() => {
      for (const connection of this.connections) {
        const text = connection.takeRequest(bodyLength);
        if (text !== undefined) return { connection, text };
      }
      return undefined;
    });
  }

  close(): Promise<void> {
    for (const { socket } of this.connections) socket.destroy();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
