import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { silentLog } from "../../../telemetry/index.ts";
import { type ApiServerConfig, createApiServer, ensureServingCertificate, kubeconfigFor } from "../index.ts";

/** An API server for a test, with a database of its own. */
export interface TestApiServer {
  readonly url: string;
  /** May do all (group system:masters). */
  readonly adminToken: string;
  /** May read all and create events. */
  readonly readerToken: string;
  /** The file of a kubeconfig of the administrator, over HTTPS as kubectl needs it. */
  readonly kubeconfigFile: string;
  /** One request as the administrator; answers the status code and the parsed body. */
  call(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<{ code: number; body: unknown }>;
  /** All that it keeps, as it is at the moment of the call; another one can go on from there. */
  copy(): Promise<Uint8Array>;
  /** Closes the server and starts it again on the same port with the same data: its watches end, its event window is empty. */
  restart(): Promise<void>;
  /** Closes the server and keeps its data; nobody answers on the port until `restart`. */
  stop(): Promise<void>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const ADMIN = "admin-token";
const READER = "reader-token";

/** Starts one in this process, on a free port of 127.0.0.1 (or `options.listen.host`); with what another one kept, or with nothing. */
export async function startApiServer(options: Partial<ApiServerConfig> = {}, kept?: Uint8Array): Promise<TestApiServer> {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-api-"));
  const storeFile = join(directory, "store.db");
  if (kept !== undefined) await writeFile(storeFile, kept);
  const host = options.listen?.host ?? "127.0.0.1";
  const tls = await ensureServingCertificate(directory, [host], Date.now());
  let config: ApiServerConfig = {
    listen: { host, port: 0 },
    tls,
    storeFile,
    tokens: [
      { token: ADMIN, user: "admin", groups: ["system:masters"] },
      { token: READER, user: "reader", groups: ["holdfast:readers"] },
    ],
    ...options,
  };
  let server = await createApiServer(config, { log: silentLog });
  const { url } = server;
  config = { ...config, listen: { host: config.listen.host, port: Number(new URL(url).port) } };
  const kubeconfigFile = join(directory, "kubeconfig");
  await writeFile(
    kubeconfigFile,
    kubeconfigFor({ server: url.replace("http:", "https:"), certificateAuthority: tls.certificate, token: ADMIN, user: "admin" }),
    { mode: 0o600 },
  );
  let copies = 0;
  const close = async (): Promise<void> => {
    await server.close();
    await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  };
  return {
    url,
    adminToken: ADMIN,
    readerToken: READER,
    kubeconfigFile,
    call: (method, path, body, headers = {}) => callOnce(url + path, method, body, headers),
    copy: () => copyOf(config.storeFile, join(directory, `copy-${copies++}.db`)),
    stop: () => server.close(),
    async restart() {
      await server.close();
      server = await createApiServer(config, { log: silentLog });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** What is committed now is in the copy, and nothing that comes later. */
async function copyOf(file: string, to: string): Promise<Uint8Array> {
  const database = new DatabaseSync(file, { readOnly: true });
  database.prepare("VACUUM INTO ?").run(to);
  database.close();
  const bytes = await readFile(to);
  await rm(to);
  return bytes;
}

/** A connection of its own for each call, because the server may have been restarted since the last. */
async function callOnce(
  url: string,
  method: string,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): Promise<{ code: number; body: unknown }> {
  const bytes = Buffer.from(body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body));
  const sent = request(url, {
    method,
    agent: false,
    headers: { authorization: `Bearer ${ADMIN}`, "content-type": "application/json", "content-length": bytes.length, ...headers },
  });
  sent.end(bytes);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const received = await text(response);
  const isJson = response.headers["content-type"]?.startsWith("application/json") === true;
  return { code: response.statusCode ?? 0, body: isJson ? (JSON.parse(received) as unknown) : received };
}
