import type { IncomingMessage } from "node:http";
import { METRICS_CONTENT_TYPE } from "../../telemetry/index.ts";
import type { Core } from "./core.ts";
import { type OtherAnswer, jsonAnswer } from "./dispatch.ts";
import type { ServerMetrics } from "./server-metrics.ts";
import { methodNotAllowed, pathNotFound } from "./status.ts";

const PUBLIC = /^\/(healthz|livez|readyz|version)(\/|$)/;

/** Paths that answer without a token, as those of `system:public-info-viewer` do. */
export function isPublic(pathname: string): boolean {
  return PUBLIC.test(pathname);
}

/** The Kubernetes release whose API this server speaks a part of. */
const VERSION = {
  major: "1",
  minor: "36",
  gitVersion: "v1.36.3+holdfast-lab",
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: `node ${process.version}`,
  compiler: "v8",
  platform: `${process.platform}/${process.arch === "x64" ? "amd64" : process.arch}`,
};

/** Answers everything that is not a kind: health, version, metrics. Throws 404 and 405. */
export function answerOther(_core: Core, metrics: ServerMetrics, request: IncomingMessage, url: URL): OtherAnswer {
  if (request.method !== "GET" && request.method !== "HEAD") throw methodNotAllowed();
  const path = url.pathname.length > 1 ? url.pathname.replace(/\/$/, "") : url.pathname;
  switch (path) {
    case "/healthz":
    case "/livez":
    case "/readyz":
      return { code: 200, contentType: "text/plain; charset=utf-8", body: "ok" };
    case "/version":
      return jsonAnswer({ ...VERSION });
    case "/metrics":
      return { code: 200, contentType: METRICS_CONTENT_TYPE, body: metrics.render() };
    case "/lab/memory":
      return jsonAnswer(metrics.memory());
    default:
      throw pathNotFound();
  }
}
