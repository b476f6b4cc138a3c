import type { TestContext } from "node:test";
import { systemClock } from "../../../kernel/index.ts";
import { silentLog } from "../../../telemetry/index.ts";
import { FaultScript } from "../faults/fault.ts";
import { AwsFront } from "../front/aws-front.ts";
import { serveAws } from "../front/http-server.ts";
import type { Fields } from "../wire/query-input.ts";
import type { Protocol, ServiceModel, Shape } from "../wire/service-model.ts";
import { WorldStore } from "../world/world-store.ts";
import { emptyWorld } from "../world/world.ts";
import { signedHeaders } from "./sign.ts";

const KEY = { id: "AKIAECHO", secret: "echo", principal: "arn:aws:iam::123456789012:user/echo" };

/** A service of every kind of shape, whose one action `Echo` answers what it was asked. */
export interface Echo {
  /** Sends these bytes; answers the status, the answer's bytes, and what the action was given. */
  send(body: string): Promise<{ readonly status: number; readonly text: string; readonly input: Fields | undefined }>;
}

const member = (shape: string, more: object = {}): { shape: string } => ({ shape, ...more });

const SHAPES: Readonly<Record<string, Shape>> = {
  String: { type: "string" },
  Short: { type: "string", max: 3 },
  Word: { type: "string", enum: ["one", "two"] },
  Pattern: { type: "string", pattern: "[a-z]+" },
  Integer: { type: "integer", min: 0, max: 9 },
  Long: { type: "long" },
  Double: { type: "double" },
  Boolean: { type: "boolean" },
  Timestamp: { type: "timestamp" },
  Blob: { type: "blob" },
  Strings: { type: "list", member: member("String") },
  NamedStrings: { type: "list", member: member("String", { locationName: "Item" }) },
  FlatStrings: { type: "list", member: member("String"), flattened: true },
  Structures: { type: "list", member: member("Inner") },
  Map: { type: "map", key: member("String"), value: member("String") },
  NamedMap: { type: "map", key: member("String", { locationName: "Attribute" }), value: member("Inner", { locationName: "Setting" }) },
  Inner: { type: "structure", members: { Name: member("String"), Strings: member("Strings") }, required: ["Name"] },
  Everything: {
    type: "structure",
    members: {
      Text: member("String"),
      Renamed: member("String", { locationName: "renamed" }),
      Queried: member("String", { locationName: "queried", queryName: "AskedAs" }),
      Short: member("Short"),
      Word: member("Word"),
      Pattern: member("Pattern"),
      Integer: member("Integer"),
      Long: member("Long"),
      Double: member("Double"),
      Boolean: member("Boolean"),
      Timestamp: member("Timestamp"),
      Blob: member("Blob"),
      Strings: member("Strings"),
      NamedStrings: member("NamedStrings"),
      FlatStrings: member("FlatStrings"),
      Structures: member("Structures"),
      Map: member("Map"),
      NamedMap: member("NamedMap"),
      Inner: member("Inner"),
    },
  },
};

function echoModel(protocol: Protocol): ServiceModel {
  return {
    signingName: "echo",
    apiVersion: "2026-01-01",
    protocol,
    xmlNamespace: "https://echo/",
    targetPrefix: "Echo_20260101",
    jsonVersion: "1.1",
    operations: new Map([
      ["Echo", { input: "Everything", output: "Everything", ...(protocol === "query" ? { wrapper: "EchoResult" } : {}) }],
    ]),
    shape(name) {
      const shape = SHAPES[name];
      if (shape === undefined) throw new Error(`no shape ${name}`);
      return shape;
    },
  };
}

export async function echoService(t: TestContext, protocol: Protocol): Promise<Echo> {
  let input: Fields | undefined;
  const model = echoModel(protocol);
  const echo = (_world: unknown, call: { readonly input: Fields }): Fields => {
    ({ input } = call);
    return input;
  };
  const front = new AwsFront({
    account: "123456789012",
    clock: systemClock,
    store: new WorldStore(emptyWorld, 0, () => undefined),
    services: [{ model, reads: { Echo: echo }, writes: {} }],
    keyOf: (id) => (id === KEY.id ? KEY : undefined),
    buckets: new Map(),
    faults: new FaultScript(),
    apiDelayMs: 0,
  });
  const server = await serveAws(front, { host: "127.0.0.1", port: 0, clock: systemClock }, silentLog);
  t.after(() => server.close());
  const host = `127.0.0.1:${server.port}`;
  return {
    async send(body) {
      input = undefined;
      const plain: Record<string, string> =
        protocol === "json" ? { "x-amz-target": "Echo_20260101.Echo" } : { "content-type": "application/x-www-form-urlencoded" };
      const headers = signedHeaders({ host, region: "eu-central-1", service: "echo", body, headers: plain }, KEY, Date.now());
      const response = await fetch(`http://${host}/`, { method: "POST", headers, body });
      return { status: response.status, text: await response.text(), input };
    },
  };
}
