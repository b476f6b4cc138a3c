import { AppError } from "../../kernel/index.ts";
import { Fields } from "../control/index.ts";
import { BAD, refuseTwice } from "./config-fields.ts";
import type { ListenerConfig, ListenerTls } from "./config.ts";
import { parseAction, parseRule } from "./parse-rule.ts";

const TLS_VERSIONS = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const;
/** OpenSSL's words for what TLS 1.2 should use; the suites of TLS 1.3 are always on. */
const DEFAULT_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20";

/** @throws AppError ALB_BAD_CONFIG */
export function parseListener(value: unknown, path: string): ListenerConfig {
  const fields = new Fields(value, path, BAD);
  const protocol = fields.choice("protocol", ["HTTP", "HTTPS", "TCP", "TLS"], "HTTP");
  const listener: ListenerConfig = {
    protocol,
    port: fields.integer("port", { min: 0, max: 65_535 }),
    externalPort: fields.integer("externalPort", { min: 0, max: 65_535, fallback: 0 }),
    tls: protocol === "HTTPS" || protocol === "TLS" ? parseTls(fields.object("tls"), `${path}.tls`) : undefined,
    tcpIdleTimeoutMs: fields.integer("tcpIdleTimeoutMs", { min: 10, max: 6_000_000, fallback: 350_000 }),
    defaultAction: parseAction(fields.object("defaultAction"), `${path}.defaultAction`),
    rules: fields.list("rules", { min: 0, max: 100 }, parseRule),
  };
  fields.end();
  if ((protocol === "TCP" || protocol === "TLS") && (listener.defaultAction.type !== "forward" || listener.rules.length > 0)) {
    throw new AppError(BAD, `${path}: a ${protocol} listener can only forward, and has no rules`);
  }
  refuseTwice(
    listener.rules.map((rule) => String(rule.priority)),
    `${path}.rules`,
  );
  return listener;
}

function parseTls(fields: Fields, path: string): ListenerTls {
  const [first, ...more] = fields.texts("certificates", { min: 1, max: 500 });
  if (first === undefined) throw new AppError(BAD, `${path}.certificates: must have one at least`);
  const tls: ListenerTls = {
    certificates: [first, ...more],
    minVersion: fields.choice("minVersion", TLS_VERSIONS, "TLSv1.2"),
    maxVersion: fields.choice("maxVersion", TLS_VERSIONS, "TLSv1.3"),
    ciphers: fields.text("ciphers", DEFAULT_CIPHERS),
  };
  fields.end();
  return tls;
}
