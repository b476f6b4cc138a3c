import type { ConsoleFrame } from "../console/contract.ts";

/** How a lab is, as far as rows change it; nodes by their zone, because a new instance is another node. */
export interface Baseline {
  /** One for each thing, in order. */
  readonly lines: readonly string[];
  /** Whether everything in it is well by itself. */
  readonly isWell: boolean;
}

/** Of the answer to `GET /api/snapshot` of a lab. What is not well begins with `!`. */
export function baselineOf(frame: unknown): Baseline {
  const { snapshot } = frame as ConsoleFrame;
  const { controlPlane } = snapshot;
  const lines = [
    ...(controlPlane === null
      ? ["!control plane: unknown"]
      : (["apiServer", "store", "scheduler", "controllers"] as const).map((part) =>
          well(`${part}: ${controlPlane[part].state}`, controlPlane[part].state === "running"),
        )),
    ...snapshot.nodes.flatMap(({ zone, kubelet, routers, pods }) => [
      well(`kubelet in ${zone}: ${kubelet.state}`, kubelet.state === "running"),
      ...routers.map(({ policy, state, control, ready, routes, held }) =>
        well(
          `router ${policy} in ${zone}: ${state}, control ${control.state}, ${routes ?? "no"} routes, ${held} held`,
          state === "running" && control.state === "running" && ready && (routes ?? 0) > 0,
        ),
      ),
      ...pods.map(({ application, ready, state }) => well(`pod of ${application}: ${state}`, ready && state === "Running")),
    ]),
    ...snapshot.lanes.flatMap(({ policy, alb }) => [
      well(`load balancer ${policy}: ${alb.state}`, alb.state === "running" && !alb.failOpen),
      ...alb.targets.map(({ state }) => well(`target of ${policy}: ${state}`, state === "healthy")),
    ]),
    ...snapshot.routes.map(({ policy, host, path, endpoints, state }) =>
      well(`route ${policy} ${host}${path}: ${endpoints} endpoints, ${state}`, state === "live"),
    ),
  ].toSorted();
  return { lines, isWell: lines.length > 1 && lines.every((line) => !line.startsWith("!")) };
}

/** The first thing that is otherwise; undefined when nothing is. */
export function differenceOf(before: Baseline, now: Baseline): string | undefined {
  const left = [...before.lines];
  const added: string[] = [];
  for (const line of now.lines) {
    const at = left.indexOf(line);
    if (at === -1) added.push(line);
    else left.splice(at, 1);
  }
  if (left.length === 0 && added.length === 0) return undefined;
  return `${left[0] ?? "nothing"} became ${added[0] ?? "nothing"}`.replaceAll("!", "");
}

function well(text: string, isWell: boolean): string {
  return isWell ? text : `!${text}`;
}
