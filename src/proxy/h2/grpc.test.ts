import assert from "node:assert/strict";
import { type TestContext, describe, it } from "node:test";
import {
  Client,
  type MethodDefinition,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceError,
  credentials,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import { until } from "../../kernel/testing/until.ts";
import { type ProxyUnderTest, route, startProxy } from "../testing/proxy-under-test.ts";

const asBuffer = (text: string): Buffer => Buffer.from(text, "utf8");
const asText = (bytes: Buffer): string => bytes.toString("utf8");

function method(name: string, requestStream: boolean, responseStream: boolean): MethodDefinition<string, string> {
  return {
    path: `/test.Echo/${name}`,
    requestStream,
    responseStream,
    requestSerialize: asBuffer,
    requestDeserialize: asText,
    responseSerialize: asBuffer,
    responseDeserialize: asText,
  };
}

const unary = method("Unary", false, false);
const collect = method("Collect", true, false);
const count = method("Count", false, true);
const chat = method("Chat", true, true);

interface Grpc {
  readonly client: Client;
  readonly under: ProxyUnderTest;
  /** What the server noticed of calls that ended early. */
  readonly cancelled: string[];
  stop(): void;
}

/** A gRPC server behind a proxy, and a client that knows beforehand that the proxy speaks HTTP/2. */
async function start(t: TestContext): Promise<Grpc> {
  const cancelled: string[] = [];
  const server = new Server();
  server.addService(
    { unary, collect, count, chat },
    {
      unary(call: ServerUnaryCall<string, string>, done: sendUnaryData<string>) {
        call.on("cancelled", () => cancelled.push(call.request));
        if (call.request === "hang") return;
        if (call.request === "fail") {
          const metadata = new Metadata();
          metadata.set("detail-bin", Buffer.from([0, 255]));
          done({ code: status.FAILED_PRECONDITION, details: "not today: ä", metadata });
          return;
        }
        const trailer = new Metadata();
        trailer.set("x-trailer", "behind");
        const head = new Metadata();
        head.set("x-head", String(call.metadata.get("x-asked")[0]));
        call.sendMetadata(head);
        done(null, call.request.toUpperCase(), trailer);
      },
      collect(call: ServerReadableStream<string, string>, done: sendUnaryData<string>) {
        let length = 0;
        call.on("data", (text: string) => (length += text.length));
        call.on("end", () => done(null, String(length)));
      },
      count(call: ServerWritableStream<string, string>) {
        call.on("cancelled", () => cancelled.push("count"));
        for (let at = 0; at < Number(call.request); at++) call.write(String(at));
        if (call.request !== "1") call.end();
      },
      chat(call: ServerDuplexStream<string, string>) {
        call.on("data", (text: string) => call.write(`you said ${text}`));
        call.on("end", () => call.end());
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  const under = await startProxy();
  under.routes([route({ type: "network", address: `h2c://127.0.0.1:${port}` }, [], [{ name: "PathSubtree", args: ["/test.Echo"] }])]);
  const front = await under.proxy.listen({ host: "127.0.0.1", port: 0, http2: true });
  const client = new Client(`127.0.0.1:${front.port}`, credentials.createInsecure(), { "grpc.enable_retries": 0 });
  t.after(async () => {
    client.close();
    server.forceShutdown();
    await under.close();
  });
  return { client, under, cancelled, stop: () => server.forceShutdown() };
}

interface UnaryAnswer {
  readonly text: string;
  readonly head: unknown;
  readonly trailer: unknown;
}

function ask(client: Client, text: string, deadlineMs?: number): Promise<UnaryAnswer> {
  const metadata = new Metadata();
  metadata.set("x-asked", "yes");
  return new Promise((resolve, reject) => {
    let head: Metadata | undefined;
    let answer = "";
    const options = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
    const call = client.makeUnaryRequest(unary.path, asBuffer, asText, text, metadata, options, (error, value) => {
      if (error !== null) reject(error);
      else answer = value ?? "";
    });
    call.on("metadata", (given: Metadata) => (head = given));
    call.on("status", ({ metadata: trailer }) =>
      resolve({ text: answer, head: head?.get("x-head")[0], trailer: trailer.get("x-trailer")[0] }),
    );
  });
}

describe("gRPC through the proxy", () => {
  it("carries one message each way, metadata in front and behind", async (t) => {
    const { client } = await start(t);
    assert.deepEqual(await ask(client, "hello"), { text: "HELLO", head: "yes", trailer: "behind" });
    // Larger than the windows of both connections.
    const long = "x".repeat(3_000_000);
    assert.equal((await ask(client, long)).text.length, long.length);
  });

  it("carries streams of the client, of the server, and of both at once", async (t) => {
    const { client } = await start(t);
    const length = await new Promise<string | undefined>((resolve, reject) => {
      const call = client.makeClientStreamRequest(collect.path, asBuffer, asText, (error, value) => {
        if (error === null) resolve(value);
        else reject(error);
      });
      for (let at = 0; at < 1_000; at++) call.write("x".repeat(1_000));
      call.end();
    });
    assert.equal(length, "1000000");

    const numbers: string[] = [];
    for await (const text of client.makeServerStreamRequest(count.path, asBuffer, asText, "1000")) numbers.push(text as string);
    assert.deepEqual(
      numbers,
      Array.from({ length: 1_000 }, (_, at) => String(at)),
    );

    const call = client.makeBidiStreamRequest(chat.path, asBuffer, asText);
    const said: string[] = [];
    for (const word of ["one", "two"]) {
      call.write(word);
      said.push(await new Promise<string>((resolve) => call.once("data", resolve)));
    }
    assert.deepEqual(said, ["you said one", "you said two"]);
    const end = new Promise((resolve) => call.on("status", resolve));
    call.end();
    assert.equal(((await end) as { code: number }).code, status.OK);
  });

  it("shows errors of the server as they are, those that are trailers only too", async (t) => {
    const { client, under } = await start(t);
    await assert.rejects(ask(client, "fail"), (error: ServiceError) => {
      assert.equal(error.code, status.FAILED_PRECONDITION);
      assert.equal(error.details, "not today: ä");
      assert.deepEqual(error.metadata.get("detail-bin"), [Buffer.from([0, 255])]);
      return true;
    });
    await assert.rejects(
      new Promise((_resolve, reject) => {
        client.makeUnaryRequest("/test.Echo/Missing", asBuffer, asText, "", (error) => reject(error as Error));
      }),
      { code: status.UNIMPLEMENTED },
    );
    assert.equal(under.metric("holdfast_proxy_failures_total", "PROXY_UPSTREAM_TRUNCATED", "true"), 0);
  });

  it("tells the server of a deadline that is over and of a call taken back", async (t) => {
    const { client, cancelled } = await start(t);
    await assert.rejects(ask(client, "hang", 200), { code: status.DEADLINE_EXCEEDED });
    await until("the server knows", () => cancelled.includes("hang"));
    const call = client.makeServerStreamRequest(count.path, asBuffer, asText, "1");
    const ended = new Promise((resolve) => call.on("error", resolve));
    await new Promise((resolve) => call.once("data", resolve));
    call.cancel();
    assert.equal(((await ended) as ServiceError).code, status.CANCELLED);
    await until("the server knows", () => cancelled.includes("count"));
    assert.deepEqual((await ask(client, "still there")).text, "STILL THERE");
  });

  it("answers with what clients take for unavailable when the server is gone", async (t) => {
    const { client, stop } = await start(t);
    assert.equal((await ask(client, "hello")).text, "HELLO");
    stop();
    await assert.rejects(ask(client, "hello"), { code: status.UNAVAILABLE });
  });
});
