import { type AddressInfo, type Socket, connect, createServer } from "node:net";

/** One request on its way, whole. */
export interface PassingCall {
  /** `CreateListener`, or `PUT ingresses/status`. */
  readonly name: string;
  readonly isWrite: boolean;
  /** Sends it on a connection of its own, for nobody: the network had it when its process was killed. */
  deliver(): void;
}

export interface LinkOptions {
  /** Before it is passed on. */
  readonly onCall?: (call: PassingCall) => void;
  /** It was done and answered; nothing of the answer has been passed on. */
  readonly onAnswer?: (call: PassingCall) => void;
}

/** The way of one process to an API over HTTP/1.1. It can be cut: then nothing gets through any more, as when the process is killed. */
export interface Link {
  readonly url: string;
  /** What is sent does not get out any more; answers still come in. */
  mute(): void;
  cut(): void;
  close(): Promise<void>;
}

export async function openLink(to: string, { onCall, onAnswer }: LinkOptions = {}): Promise<Link> {
  const { hostname, port } = new URL(to);
  const sockets = new Set<Socket>();
  let isMute = false;
  let isCut = false;
  const known = (socket: Socket): void => {
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => undefined);
  };
  const deliver = (bytes: Buffer): void => {
    const far = connect(Number(port), hostname);
    known(far);
    far.once("data", () => far.destroy());
    far.write(bytes);
  };
  const server = createServer((near) => {
    if (isCut) return void near.destroy();
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) known(socket);
    near.once("close", () => far.destroy());
    // A reset is passed on as one: it is not the same as an end.
    far.once("close", (hadError) => (hadError ? near.resetAndDestroy() : near.destroy()));
    let unread: Buffer = Buffer.alloc(0);
    let asked: PassingCall | undefined;
    near.on("data", (chunk: Buffer) => {
      unread = Buffer.concat([unread, chunk]);
      const head = wholeCall(unread);
      if (head === undefined || isMute) return;
      const bytes = unread;
      unread = Buffer.alloc(0);
      asked = { ...head, deliver: () => deliver(bytes) };
      onCall?.(asked);
      if (!isMute && !isCut) far.write(bytes);
    });
    far.on("data", (chunk: Buffer) => {
      const answered = asked;
      asked = undefined;
      if (answered !== undefined) onAnswer?.(answered);
      if (!isCut) near.write(chunk);
    });
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (): void => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mute() {
      isMute = true;
    },
    cut,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
}

/**
 * The request that these bytes are; undefined while it is not whole. Clients of these APIs say how long a body is, and wait for an answer before they
 * ask again on the same connection.
 */
function wholeCall(bytes: Buffer): Pick<PassingCall, "name" | "isWrite"> | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = bytes.toString("latin1", 0, end);
  const bodyBytes = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
  if (bytes.length < end + 4 + bodyBytes) return undefined;
  const target = /\r\nx-amz-target: *\S*\.(\w+)/i.exec(head)?.[1];
  const action = target ?? /(?:^|&)Action=(\w+)/.exec(bytes.toString("latin1", end + 4))?.[1];
  if (action !== undefined) return { name: action, isWrite: !/^(Describe|List|Get)/.test(action) };
  const [method = "", path = ""] = head.split(" ", 2);
  return { name: `${method} ${resourceOf(path)}`, isWrite: method !== "GET" };
}

/** `ingresses/status` of the path of one Ingress's status. */
function resourceOf(path: string): string {
  const [, resource, sub] = /\/namespaces\/[^/?]+\/([^/?]+)(?:\/[^/?]+(\/[^/?]+)?)?/.exec(path) ?? [];
  return resource === undefined ? path.replace(/\?.*/s, "") : `${resource}${sub ?? ""}`;
}
