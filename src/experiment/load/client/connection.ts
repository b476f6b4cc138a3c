import { type Socket, connect, isIP } from "node:net";
import { connect as connectTls } from "node:tls";
import type { TlsPlan } from "../plan/load-plan.ts";
import { Answer, AnswerReader } from "./answer-reader.ts";
import { Failure, RIGHT, failureOfConnecting, failureOfStatus } from "./failure-class.ts";
import type { PreparedRequest } from "./request-bytes.ts";

/** Where connections of one kind go to. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
  readonly isTls: boolean;
  readonly serverName: string | undefined;
}

/** What a connection tells; it does nothing more by itself after `ended`. */
export interface ConnectionOwner {
  /** Of what was sent last; the connection is free when it {@link LoadConnection.isReusable}. `failure` is `RIGHT` or an index of a class. */
  answered(connection: LoadConnection, failure: number): void;
  /** It was free, and is no more. */
  ended(connection: LoadConnection): void;
}

/** Bytes are looked at where they are read: one buffer serves all connections, since each read is dealt with before the next. */
const readBuffer = Buffer.allocUnsafeSlow(65_536);

/** One connection that carries one request after another. */
export class LoadConnection {
  readonly endpoint: Endpoint;
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  readonly #reader = new AnswerReader();
  #request: PreparedRequest | undefined = undefined;
  #isOpen = false;
  #isOver = false;
  /** Of the request that is under way, by the monotonic clock. */
  intendedMs = 0;
  sentMs = 0;
  /** Which request of the plan it is. */
  which = 0;
  isResent = false;
  /** Bytes that came for the request that was sent last. */
  receivedBytes = 0;
  /** Requests that were answered on it. */
  served = 0;
  idleSinceMs = 0;
  /** Neighbours among the busy ones, which stand in the order of sending. */
  previous: LoadConnection | undefined = undefined;
  following: LoadConnection | undefined = undefined;

  constructor(endpoint: Endpoint, tls: TlsPlan, owner: ConnectionOwner) {
    this.endpoint = endpoint;
    this.#owner = owner;
    this.#socket = endpoint.isTls ? this.#connectTls(endpoint, tls) : this.#connect(endpoint);
    this.#socket.on("error", (error: NodeJS.ErrnoException) => this.#over(error.code));
    this.#socket.on("end", () => this.#over(undefined));
    this.#socket.on("close", () => this.#over(undefined));
  }

  /** Status of the answer that came last; 0 before its head. */
  get status(): number {
    return this.#reader.isHeadRead ? this.#reader.head.status : 0;
  }

  get isReusable(): boolean {
    return !this.#isOver && this.#reader.isPersistent;
  }

  /** Whether any byte of the answer under way has come. */
  get hasAnswerBegun(): boolean {
    return this.#reader.hasBegun;
  }

  get request(): PreparedRequest | undefined {
    return this.#request;
  }

  send(request: PreparedRequest): void {
    this.#request = request;
    this.receivedBytes = 0;
    this.#reader.begin(request.method, request.body !== undefined);
    this.#socket.write(request.bytes);
  }

  /** No whole answer came in time. */
  timeOut(): void {
    const phase = this.#reader.isHeadRead ? "body-timeout" : this.#isOpen ? "headers-timeout" : "connect-timeout";
    this.#finish(Failure[phase]);
    this.close();
  }

  close(): void {
    this.#isOver = true;
    this.#socket.destroy();
  }

  #connect(endpoint: Endpoint): Socket {
    const socket = connect({
      host: endpoint.address,
      port: endpoint.port,
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback: (length, buffer) => {
          this.#take(buffer as Buffer, length);
          return true;
        },
      },
    });
    socket.once("connect", () => {
      this.#isOpen = true;
    });
    return socket;
  }

  #connectTls({ address, port, serverName }: Endpoint, tls: TlsPlan): Socket {
    const name = tls.serverName ?? serverName;
    const socket = connectTls({
      host: address,
      port,
      ALPNProtocols: ["http/1.1"],
      rejectUnauthorized: !tls.isInsecure,
      ...(tls.authorities === undefined ? {} : { ca: tls.authorities }),
      ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
      ...(tls.key === undefined ? {} : { key: tls.key }),
      // RFC 6066 section 3: no addresses.
      ...(name === undefined || isIP(name) !== 0 ? {} : { servername: name }),
    });
    socket.setNoDelay(true);
    socket.once("secureConnect", () => {
      this.#isOpen = true;
    });
    socket.on("data", (data: Buffer) => this.#take(data, data.length));
    return socket;
  }

  #take(buffer: Buffer, length: number): void {
    const request = this.#request;
    if (request === undefined) {
      // Bytes that nobody asked for: what follows could be taken for the next answer.
      this.#over(undefined);
      return;
    }
    this.receivedBytes += length;
    const found = this.#reader.read(buffer, 0, length);
    if (found === Answer.needsMore) return;
    if (found === Answer.malformed || this.#reader.end !== length) this.#reader.isPersistent = false;
    const isKept = this.#reader.isPersistent;
    this.#finish(found === Answer.malformed ? Failure.malformed : this.#judge(request));
    if (!isKept) this.close();
  }

  /** The connection is no more; `code` of the error that ended it. */
  #over(code: string | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const request = this.#request;
    if (request === undefined) this.#owner.ended(this);
    else if (!this.#isOpen) this.#finish(failureOfConnecting(code ?? "", this.endpoint.isTls));
    else if (code === undefined && this.#reader.endsWithConnection) this.#finish(this.#judge(request));
    else this.#finish(this.#reader.isHeadRead ? Failure["body-cut"] : Failure["headers-cut"]);
    this.#socket.destroy();
  }

  #finish(failure: number): void {
    this.#request = undefined;
    this.served++;
    this.#owner.answered(this, failure);
  }

  #judge({ expect, body }: PreparedRequest): number {
    const { head } = this.#reader;
    if (!expect.status.includes(head.status)) return failureOfStatus(head.status);
    for (const [name, value] of expect.headers) {
      let isThere = false;
      for (let index = 0; index < head.fieldCount && !isThere; index++)
        isThere = head.isNamed(index, name) && head.valueAt(index) === value;
      if (!isThere) return Failure["wrong-answer"];
    }
    return body !== undefined && !this.#reader.body.includes(body) ? Failure["wrong-answer"] : RIGHT;
  }
}
