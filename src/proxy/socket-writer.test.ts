import assert from "node:assert/strict";
import { once } from "node:events";
import { type Socket, connect, createServer } from "node:net";
import { type TestContext, test } from "node:test";
import type { AddressInfo } from "node:net";
import { FlushQueue, SocketWriter } from "./socket-writer.ts";

const BLOCK_BYTES = 65_536;

/** Both ends of a connection. */
async function pair(t: TestContext): Promise<{ readonly near: Socket; readonly far: Socket }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const far = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [near] = (await once(server, "connection")) as [Socket];
  t.after(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  return { near, far };
}

test("what a socket can not send at once stays as it was, whatever is written to others from the same buffer", async (t) => {
  const queue = new FlushQueue();
  const read = Buffer.alloc(BLOCK_BYTES);
  const slow = await pair(t);
  const quick = await pair(t);
  const [slowWriter, quickWriter] = [slow, quick].map(({ near }) => new SocketWriter(near, queue, { onBlocked: () => {} }));
  assert.ok(slowWriter !== undefined && quickWriter !== undefined);
  const write = (writer: SocketWriter, letter: string): void => {
    read.fill(letter);
    writer.chunk(read, 0, read.length);
  };
  slow.far.pause();
  let written = 0;
  for (; !slowWriter.isBlocked; written++) write(slowWriter, "s");
  for (let at = 0; at < 3; at++, written++) {
    write(slowWriter, "s");
    write(quickWriter, "q");
  }
  const expected = (letter: string, times: number): string => `10000\r\n${letter.repeat(BLOCK_BYTES)}\r\n`.repeat(times);
  assert.equal(await received(slow.far, expected("s", written).length), expected("s", written));
  assert.equal(await received(quick.far, expected("q", 3).length), expected("q", 3));
});

async function received(socket: Socket, length: number): Promise<string> {
  let text = "";
  socket.setEncoding("latin1").on("data", (piece: string) => (text += piece));
  socket.resume();
  while (text.length < length) await once(socket, "data");
  return text;
}
