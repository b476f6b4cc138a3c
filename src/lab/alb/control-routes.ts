import { AppError } from "../../kernel/index.ts";
import type { ControlRequest, ControlRoute } from "../control/index.ts";
import type { LoadBalancerHost } from "./host.ts";
import type { LoadBalancer } from "./load-balancer.ts";
import { parseLoadBalancer } from "./parse-config.ts";

const BAD = "ALB_BAD_REQUEST";

/** The operations of a host's control API (docs/reference/lab-alb.md). */
export function controlRoutes(host: LoadBalancerHost): readonly ControlRoute[] {
  const named = ({ params }: ControlRequest): LoadBalancer => host.get(params.get("id") ?? "");
  return [
    { method: "GET", path: "/load-balancers", handle: () => ({ loadBalancers: host.list() }) },
    {
      method: "PUT",
      path: "/load-balancers/:id",
      handle: ({ params, body }) => {
        const config = parseLoadBalancer(body, "");
        if (config.id !== params.get("id")) throw new AppError(BAD, `id: must be the id in the path, is ${config.id}`);
        return host.put(config);
      },
    },
    { method: "DELETE", path: "/load-balancers/:id", handle: ({ params }) => host.delete(params.get("id") ?? "") },
    { method: "GET", path: "/load-balancers/:id/state", handle: (request) => named(request).state() },
    {
      method: "GET",
      path: "/load-balancers/:id/failures",
      handle: (request) => {
        const { failures } = named(request).accounting;
        return { failures: failures.since(readNumber(request.query, "since", 0)), next: failures.added };
      },
    },
    {
      method: "GET",
      path: "/load-balancers/:id/in-flight",
      handle: (request) => {
        const { query } = request;
        const target = query.get("target") ?? "";
        const fromMs = readNumber(query, "fromMs");
        return { target, inFlight: named(request).countInFlight(target, fromMs, readNumber(query, "untilMs", fromMs)) };
      },
    },
  ];
}

function readNumber(query: URLSearchParams, name: string, fallback?: number): number {
  const text = query.get(name);
  if (text === null && fallback !== undefined) return fallback;
  const value = Number(text);
  if (text === null || text === "" || !Number.isFinite(value)) throw new AppError(BAD, `${name}: must be a number in the query`);
  return value;
}
