import { type AddressInfo, type Socket, connect, createServer } from "node:net";

/** A way to a port that can be cut: then nothing gets through any more, as when the process at its beginning is killed. */
export interface Link {
  readonly url: string;
  cut(): void;
  close(): Promise<void>;
}

export async function openLink(to: string): Promise<Link> {
  const { hostname, port } = new URL(to);
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) return void near.destroy();
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      socket.on("error", () => undefined);
    }
    near.once("close", () => far.destroy());
    // A reset is passed on as one: it is not the same as an end.
    far.once("close", (hadError) => (hadError ? near.resetAndDestroy() : near.destroy()));
    near.pipe(far);
    far.pipe(near);
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (): void => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
}
