import { type Json, isList, written } from "../../document/json.ts";
import type { NativeActivity } from "../../native/native-activity.ts";
import { addressesOf } from "../plan/allowed-targets.ts";
import { requestsTo } from "./cluster-requests.ts";
import { newLoad, prepareRequests } from "./sent-load.ts";

/** As many as a controller that has lost its mind sends; more measures the generator. */
export const API_RATE_LIMIT = 2000;

/** What most controllers and people ask for: all pods in pages, all of a kind from the server's cache, one object. */
const USUAL_PATHS: readonly Json[] = [
  "/api/v1/pods?limit=500",
  "/apis/networking.k8s.io/v1/ingresses?resourceVersion=0",
  "/api/v1/namespaces/default",
];

export const apiRequests: NativeActivity = {
  name: "load/api-requests",
  does: "action",
  summary: "many reads at the API server of the target, until the fault is reverted; what became of them is a load of that name",
  arguments: {
    name: { type: "string", default: "api", summary: "what load/… probes and the report call it" },
    rate: { type: "number", least: 1, most: API_RATE_LIMIT, default: 100, summary: "requests a second" },
    paths: { type: "list", default: USUAL_PATHS, summary: "what is read, in turn: paths with their query" },
    timeout: { type: "string", default: "30s", summary: "how long an answer may take" },
    connections: { type: "integer", least: 1, most: 1000, default: 100, summary: "how many at once at most" },
    seconds: { type: "number", least: 1, most: 3600, summary: "after how many seconds it ends; at the end of the run when left out" },
  },
  check({ paths }) {
    const wrong = isList(paths) ? paths.find((path) => typeof path !== "string" || !/^\/[\x21-\x7e]*$/.test(path)) : undefined;
    return wrong === undefined
      ? []
      : [{ argument: "paths", message: `${written(wrong)} is no path`, mend: "write it as in /api/v1/pods?limit=500" }];
  },
  async run(given, call) {
    const { url, headers, tls } = requestsTo(call.target.cluster());
    const rate = Number(given["rate"]);
    const seconds = typeof given["seconds"] === "number" ? given["seconds"] : undefined;
    const paths = isList(given["paths"]) ? given["paths"].map(written) : [];
    const plan = {
      url,
      rate,
      duration: `${seconds === undefined ? 3600 : seconds + 60}s`,
      timeout: given["timeout"],
      connections: given["connections"],
      requests: paths.map((path) => ({ path, headers })),
    };
    const addresses = await addressesOf([new URL(url)], [new URL(url).hostname]);
    const named = newLoad({ name: written(given["name"]), plan, addresses, tls, target: url }, call);
    const fault = prepareRequests(named, `${rate} requests a second at the API server ${url}`);
    const { output } = await call.faults.inject(fault, seconds === undefined ? {} : { seconds });
    return output;
  },
};
