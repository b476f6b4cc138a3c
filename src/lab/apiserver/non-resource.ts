import type { IncomingMessage } from "node:http";
import { prometheusText } from "../../telemetry/index.ts";
import type { Core } from "./core.ts";
import {
  AGGREGATED_TYPE,
  aggregatedDiscovery,
  apiGroup,
  apiGroupList,
  apiResourceList,
  apiVersions,
  wantsAggregated,
} from "./discovery.ts";
import { type OtherAnswer, jsonAnswer } from "./dispatch.ts";
import type { JsonObject } from "./json.ts";
import type { OpenApi } from "./openapi.ts";
import { OPENAPI_PROTOBUF_TYPE, encodeOpenApiV2 } from "./openapi-protobuf.ts";
import type { ServerMetrics } from "./server-metrics.ts";
import { methodNotAllowed, pageNotFound } from "./status.ts";

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

/** What the paths outside the kinds are answered from. */
export interface NonResource {
  readonly core: Core;
  readonly metrics: ServerMetrics;
  readonly openApi: OpenApi;
}

/** Answers everything that is not a kind: health, version, metrics, discovery, OpenAPI. Throws 404, 405, 406. */
export function answerOther({ core, metrics, openApi }: NonResource, request: IncomingMessage, url: URL): OtherAnswer {
  if (request.method !== "GET" && request.method !== "HEAD") throw methodNotAllowed();
  const path = url.pathname.length > 1 ? url.pathname.replace(/\/$/, "") : url.pathname;
  const accept = request.headers.accept;
  switch (path) {
    case "/healthz":
    case "/livez":
    case "/readyz":
      return { code: 200, contentType: "text/plain; charset=utf-8", body: "ok" };
    case "/version":
      return jsonAnswer({ ...VERSION });
    case "/metrics":
      return { code: 200, contentType: prometheusText.contentType, body: metrics.render() };
    case "/lab/memory":
      return jsonAnswer(metrics.memory());
    case "/":
      return jsonAnswer({
        paths: [
          "/api",
          "/api/v1",
          "/apis",
          "/healthz",
          "/lab/memory",
          "/livez",
          "/metrics",
          "/openapi/v2",
          "/openapi/v3",
          "/readyz",
          "/version",
        ],
      });
    case "/api":
      return wantsAggregated(accept) ? aggregated(core, true) : jsonAnswer(apiVersions());
    case "/apis":
      return wantsAggregated(accept) ? aggregated(core, false) : jsonAnswer(apiGroupList(core.registry));
    case "/openapi/v2":
      return openApiV2(openApi, accept);
    case "/openapi/v3":
      return jsonAnswer(openApi.v3Index());
    default:
      return found(
        discoveryAt(core, path) ?? (path.startsWith("/openapi/v3/") ? openApi.v3(path.slice("/openapi/v3/".length)) : undefined),
      );
  }
}

function discoveryAt(core: Core, path: string): JsonObject | undefined {
  const [root = "", group = "", version, ...rest] = path.slice(1).split("/");
  if (root === "api" && version === undefined) return apiResourceList(core.registry, "", group);
  if (root !== "apis" || rest.length > 0) return undefined;
  return version === undefined ? apiGroup(core.registry, group) : apiResourceList(core.registry, group, version);
}

function found(object: JsonObject | undefined): OtherAnswer {
  if (object === undefined) throw pageNotFound();
  return jsonAnswer(object);
}

function aggregated(core: Core, isCore: boolean): OtherAnswer {
  return { code: 200, contentType: AGGREGATED_TYPE, body: JSON.stringify(aggregatedDiscovery(core.registry, isCore)) };
}

/** kubectl takes protobuf only here, in a name with `@` up to 1.26 and with `.` after; everybody else gets JSON. */
function openApiV2(openApi: OpenApi, accept: string | undefined): OtherAnswer {
  if (accept?.includes("proto-openapi.spec.v2") === true)
    return { code: 200, contentType: OPENAPI_PROTOBUF_TYPE, body: encodeOpenApiV2(openApi.v2()) };
  return jsonAnswer(openApi.v2());
}
