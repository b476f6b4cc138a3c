import type { ProxyUnderTest } from "./proxy-under-test.ts";
import type { RawClient, RawConnection } from "./raw-peers.ts";

/** Sends an upload of so many bytes to an endpoint that does not read: as much of it as proxy and kernel take. */
export async function heldUpUpload(
  under: ProxyUnderTest,
  size: number,
): Promise<{ readonly client: RawClient; readonly connection: RawConnection }> {
  const client = under.client().send(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
  const { connection } = await under.server.request();
  connection.socket.pause();
  client.socket.write(Buffer.alloc(size, 121));
  let last = -1;
  await under.server.when(() => {
    const left = client.socket.writableLength;
    setTimeout(() => connection.wake(), 20);
    const isStill = left === last;
    last = left;
    return isStill;
  });
  return { client, connection };
}

/** How many requests are answered by the time that no more are: everything the kernel takes is taken. */
export async function answersMade(under: ProxyUnderTest): Promise<number> {
  let made = -1;
  for (let still = 0; still < 20; still++) {
    const now = under.metric("holdfast_proxy_requests_total", "404") + under.metric("holdfast_proxy_requests_total", "200");
    if (now !== made) still = 0;
    made = now;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return made;
}
