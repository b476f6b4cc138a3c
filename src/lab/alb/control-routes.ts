import { AppError } from "../../kernel/index.ts";
import { Fields, type ControlRequest, type ControlRoute } from "../control/index.ts";
import type { LoadBalancer } from "./load-balancer.ts";
import { parseListener, parseRule, parseTarget, parseTargetGroup } from "./parse-config.ts";

const BAD = "ALB_BAD_REQUEST";

/** The operations of the control API (docs/reference/lab-alb.md). Bodies have the shapes of `AlbConfig`'s parts. */
export function controlRoutes(alb: LoadBalancer): readonly ControlRoute[] {
  return [
    { method: "GET", path: "/state", handle: () => alb.state() },
    {
      method: "GET",
      path: "/failures",
      handle: ({ query }) => ({
        failures: alb.accounting.failures.since(readNumber(query, "since", 0)),
        next: alb.accounting.failures.added,
      }),
    },
    {
      method: "GET",
      path: "/in-flight",
      handle: ({ query }) => {
        const target = query.get("target") ?? "";
        const fromMs = readNumber(query, "fromMs");
        return { target, inFlight: alb.countInFlight(target, fromMs, readNumber(query, "untilMs", fromMs)) };
      },
    },
    ...targetGroupRoutes(alb),
    ...listenerRoutes(alb),
  ];
}

function targetGroupRoutes(alb: LoadBalancer): readonly ControlRoute[] {
  return [
    {
      method: "PUT",
      path: "/target-groups/:name",
      handle: ({ params, body }) => {
        const { targets, ...settings } = parseTargetGroup(body, "");
        if (settings.name !== params.get("name")) throw new AppError(BAD, `name: must be the name in the path, is ${settings.name}`);
        alb.putTargetGroup(settings);
        alb.register(settings.name, targets);
      },
    },
    { method: "DELETE", path: "/target-groups/:name", handle: ({ params }) => alb.deleteTargetGroup(params.get("name") ?? "") },
    {
      method: "POST",
      path: "/target-groups/:name/register",
      handle: ({ params, body }) => alb.register(params.get("name") ?? "", readTargets(body, parseTarget)),
    },
    {
      method: "POST",
      path: "/target-groups/:name/deregister",
      handle: ({ params, body }) => alb.deregister(params.get("name") ?? "", readTargets(body, readKey)),
    },
    {
      // An id that is asked for and not registered is `unused`, as on AWS; without ids all registered targets are told.
      method: "GET",
      path: "/target-groups/:name/health",
      handle: ({ params, query }) => {
        const group = alb.state().targetGroups.find((entry) => entry.name === params.get("name"));
        if (group === undefined) throw new AppError("ALB_TARGET_GROUP_NOT_FOUND", `no target group ${params.get("name") ?? ""}`);
        const asked = query.getAll("target");
        const notRegistered = {
          state: "unused",
          reason: "Target.NotRegistered",
          description: "Target is not registered to the target group",
        };
        return {
          targets:
            asked.length === 0
              ? group.targets
              : asked.map((target) => group.targets.find((entry) => entry.target === target) ?? { target, ...notRegistered }),
        };
      },
    },
  ];
}

function listenerRoutes(alb: LoadBalancer): readonly ControlRoute[] {
  return [
    {
      method: "PUT",
      path: "/listeners/:port",
      handle: async (request) => {
        const listener = parseListener(request.body, "");
        if (listener.port !== portOf(request)) throw new AppError(BAD, `port: must be the port in the path, is ${listener.port}`);
        await alb.putListener(listener);
      },
    },
    { method: "DELETE", path: "/listeners/:port", handle: (request) => alb.deleteListener(portOf(request)) },
    {
      method: "PUT",
      path: "/listeners/:port/rules/:priority",
      handle: async (request) => {
        const rule = parseRule(request.body, "");
        if (String(rule.priority) !== request.params.get("priority")) {
          throw new AppError(BAD, `priority: must be the priority in the path, is ${rule.priority}`);
        }
        await alb.putRule(portOf(request), rule);
      },
    },
    {
      method: "DELETE",
      path: "/listeners/:port/rules/:priority",
      handle: (request) => alb.deleteRule(portOf(request), Number(request.params.get("priority"))),
    },
  ];
}

function portOf(request: ControlRequest): number {
  return Number(request.params.get("port"));
}

function readTargets<T>(body: unknown, readEntry: (value: unknown, path: string) => T): readonly T[] {
  const fields = new Fields(body, "", BAD);
  const targets = fields.list("targets", { min: 1, max: 1000 }, readEntry);
  fields.end();
  return targets;
}

function readKey(value: unknown, path: string): { id: string; port: number } {
  const fields = new Fields(value, path, BAD);
  const key = { id: fields.text("id"), port: fields.integer("port", { min: 1, max: 65_535 }) };
  if (fields.has("zone")) fields.text("zone");
  fields.end();
  return key;
}

function readNumber(query: URLSearchParams, name: string, fallback?: number): number {
  const text = query.get(name);
  if (text === null && fallback !== undefined) return fallback;
  const value = Number(text);
  if (text === null || text === "" || !Number.isFinite(value)) throw new AppError(BAD, `${name}: must be a number in the query`);
  return value;
}
