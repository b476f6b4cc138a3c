import { type RunningContainer, runningContainers } from "../kubelet/index.ts";
import type { Lab } from "../lab.ts";
import type { Fleet } from "../manifests/index.ts";
import { CONTROLLER_ADMIN_PORT, controllerName } from "../manifests/load-balancer-controller.ts";
import type { LabNode } from "../machines/machines.ts";
import { ALB_CONTROL_PORT, API_SERVER_PORT, AWS_PORT, KUBELET_PORT, LOAD_CONTROL_PORT } from "../network.ts";
import type { PartProcess } from "../process/part-process.ts";
import { childrenOf, identify } from "../../kernel/index.ts";
import type { LabComponent } from "./component.ts";

/** Everything of the lab that is a process now, or a part that is stopped; read anew from the lab and /proc. */
export function listComponents(lab: Lab): readonly LabComponent[] {
  return [...lab.parts.all.flatMap((part) => ofPart(lab, part) ?? []), ...lab.machines.nodes.flatMap((node) => ofNode(lab, node))];
}

const NOBODYS = { node: null, zone: null, pod: null, startedBy: "lab", listens: [], address: null } as const;

function ofPart(lab: Lab, part: PartProcess): LabComponent | undefined {
  const { network } = lab.plan;
  const process = part.state.state === "running" ? identify(part.state.pid) : undefined;
  const base = { ...NOBODYS, state: part.state.state, pid: process?.pid ?? null, startedAtTicks: process?.startTime ?? null };
  const at = (address: string, ...ports: readonly number[]): Pick<LabComponent, "address" | "listens"> => ({
    address,
    listens: ports.map((port) => `${address}:${port}`),
  });
  const node = lab.machines.nodes.find(({ name }) => part.name === `kubelet-${name}`);
  if (node !== undefined) {
    const { name, zone, address } = node;
    return { ...base, name: `kubelet/${name}`, kind: "kubelet", node: name, zone, ...at(address, KUBELET_PORT) };
  }
  switch (part.name) {
    case "apiserver":
      return { ...base, name: part.name, kind: "control-plane", ...at(network.apiServer, API_SERVER_PORT) };
    case "scheduler":
    case "controllers":
      return { ...base, name: part.name, kind: "control-plane" };
    case "aws":
      return { ...base, name: part.name, kind: "aws", ...at(network.aws, AWS_PORT) };
    case "alb": {
      const balancers = lab.plan.fleets.flatMap(({ policy }) => lab.observatory.entryAddresses(policy));
      const host = at(network.albHost, ALB_CONTROL_PORT);
      return { ...base, name: part.name, kind: "load-balancers", address: host.address, listens: [...host.listens, ...balancers] };
    }
    case "load":
      return { ...base, name: part.name, kind: "load", ...at(network.loadAddress, LOAD_CONTROL_PORT) };
    default:
      return undefined; // A kubelet whose instance is gone, for a moment.
  }
}

function ofNode(lab: Lab, node: LabNode): readonly LabComponent[] {
  return runningContainers(lab.plan.folder.nodeFolder(node.name)).flatMap((found) => ofContainer(lab, node, found));
}

function ofContainer(lab: Lab, node: LabNode, found: RunningContainer): readonly LabComponent[] {
  const { pod, container, process, podIP } = found;
  const { name, namespace = "", labels = {} } = pod.metadata;
  const ports = pod.spec.containers.find((each) => each.name === container)?.ports ?? [];
  const component: LabComponent = {
    name: `pod/${namespace}/${name}/${container}`,
    kind: "pod",
    state: "running",
    pid: process.pid,
    startedAtTicks: process.startTime,
    listens: podIP === undefined ? [] : ports.map(({ containerPort }) => `${podIP}:${containerPort}`),
    address: podIP ?? null,
    node: node.name,
    zone: node.zone,
    pod: { namespace, name, labels },
    startedBy: "kubelet",
  };
  const app = labels["app"];
  for (const fleet of lab.plan.fleets) {
    if (app === controllerName(fleet)) {
      const listens = podIP === undefined ? [] : [`${podIP}:${CONTROLLER_ADMIN_PORT}`];
      return [{ ...component, name: `controller/${app}`, kind: "controller", listens }];
    }
    if (app === `router-${fleet.policy}`) return ofRouter(lab, node, fleet, component);
  }
  return [component];
}

/** A router is its supervisor; the processes that it has started are its own children. */
function ofRouter(lab: Lab, node: LabNode, fleet: Fleet, component: LabComponent): readonly LabComponent[] {
  const name = `router/${node.name}/${fleet.policy}`;
  const { address } = node;
  const router = {
    ...component,
    name,
    kind: "router",
    address,
    listens: [fleet.trafficPort, fleet.adminPort].map((port) => `${address}:${port}`),
  } as const;
  const workers = lab.observatory.router(node.name, fleet.policy).value?.workers ?? [];
  const children = component.pid === null ? [] : childrenOf(component.pid);
  return [
    router,
    ...children.flatMap(({ pid, startTime, command }): LabComponent[] => {
      // Of a worker that has just been started nobody outside has heard the name yet.
      const own = command.some((word) => word.endsWith("/router-control.ts")) ? "control" : workers.find((each) => each.pid === pid)?.id;
      if (own === undefined) return [];
      return [
        {
          ...router,
          name: `${name}/${own}`,
          kind: "router-process",
          pid,
          startedAtTicks: startTime,
          listens: own === "control" ? [] : router.listens.slice(0, 1),
          startedBy: "router",
        },
      ];
    }),
  ];
}
