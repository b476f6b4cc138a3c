import { readFileSync } from "node:fs";
import { type ClientRequest, Agent as PlainAgent, type IncomingMessage, request as requestPlain } from "node:http";
import { Agent as TlsAgent, request as requestTls } from "node:https";

/** The server behind: where it is and who we are for it. */
export interface UpstreamSettings {
  readonly url: string;
  readonly ca?: string;
  readonly serverName?: string;
  readonly insecure?: boolean;
  /** Who sends this as its bearer token speaks as the following; everybody else as who they are. */
  readonly clientToken?: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly tokenFile?: string;
  readonly token?: string;
  /** The source address of connections. */
  readonly from: string | undefined;
}

/** Connections to one server, kept open between requests. */
export class Upstream {
  readonly #settings: UpstreamSettings;
  readonly #url: URL;
  readonly #agent: PlainAgent | TlsAgent;
  /** With the client certificate: it says who speaks for the whole of a connection. */
  readonly #ownAgent: PlainAgent | TlsAgent;

  constructor(settings: UpstreamSettings) {
    this.#settings = settings;
    this.#url = new URL(settings.url);
    const { certificate, key } = settings;
    this.#agent = this.#newAgent({});
    this.#ownAgent = certificate === undefined || key === undefined ? this.#agent : this.#newAgent({ cert: certificate, key });
  }

  /** Sends the head as the client wrote it, its Host too, so that signatures stay right. */
  request(client: IncomingMessage, replaced: Readonly<Record<string, string>>): ClientRequest {
    const headers: [string, string][] = [];
    const { clientToken } = this.#settings;
    const isOurs = clientToken !== undefined && client.headers.authorization === `Bearer ${clientToken}`;
    const token = isOurs ? this.#token() : undefined;
    const sent = isOurs ? { ...replaced, authorization: token === undefined ? "" : `Bearer ${token}` } : replaced;
    for (let at = 0; at + 1 < client.rawHeaders.length; at += 2) {
      const name = client.rawHeaders[at] ?? "";
      const isReplaced = Object.hasOwn(sent, name.toLowerCase());
      if (!isReplaced) headers.push([name, client.rawHeaders[at + 1] ?? ""]);
    }
    for (const [name, value] of Object.entries(sent)) if (value !== "") headers.push([name, value]);
    const options = {
      host: this.#url.hostname.replaceAll(/[[\]]/g, ""),
      port: this.#url.port === "" ? (this.#url.protocol === "https:" ? 443 : 80) : Number(this.#url.port),
      method: client.method ?? "GET",
      path: client.url ?? "/",
      headers: headers.flat(),
      setHost: false,
    };
    const agent = isOurs ? this.#ownAgent : this.#agent;
    return this.#url.protocol === "https:" ? requestTls({ ...options, agent: agent as TlsAgent }) : requestPlain({ ...options, agent });
  }

  close(): void {
    this.#agent.destroy();
    this.#ownAgent.destroy();
  }

  #newAgent(identity: { readonly cert?: string; readonly key?: string }): PlainAgent | TlsAgent {
    const { ca, serverName, insecure, from } = this.#settings;
    const connection = { keepAlive: true, ...(from === undefined ? {} : { localAddress: from }) };
    if (this.#url.protocol !== "https:") return new PlainAgent(connection);
    return new TlsAgent({
      ...connection,
      ...identity,
      ...(ca === undefined ? {} : { ca }),
      ...(serverName === undefined ? {} : { servername: serverName }),
      rejectUnauthorized: insecure !== true,
      ALPNProtocols: ["http/1.1"],
    });
  }

  /** A token file is replaced on disk while we run. */
  #token(): string | undefined {
    const { token, tokenFile } = this.#settings;
    if (tokenFile === undefined) return token;
    try {
      return readFileSync(tokenFile, "utf8").trim();
    } catch {
      return undefined;
    }
  }
}
