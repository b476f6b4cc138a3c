import { type AddressInfo, type Socket, createServer } from "node:net";
import type { TestContext } from "node:test";

/** A server that is told what to write for each request's bytes; `http://127.0.0.1:PORT`. */
export async function startRawServer(
  t: TestContext,
  onRequest: (socket: Socket, request: string, served: number) => void,
): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    let served = 0;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (data) => onRequest(socket, data.toString("latin1"), served++));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export function answer(status: string, body: string, fields = ""): string {
  return `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n${fields}\r\n${body}`;
}
