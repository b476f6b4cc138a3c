/** Part of the lab, container or process of a router: what can be stopped, signalled, cut off. */
export interface LabComponent {
  /**
   * `apiserver`, `aws`, `scheduler`, `controllers`, `alb` (the host of all load balancers), `load`, `kubelet/node-1`,
   * `router/node-1/hold`, `router/node-1/hold/control`, `router/node-1/hold/worker-0`, `controller/alb-hold` (that of load balancers),
   * `pod/NAMESPACE/POD/CONTAINER`.
   */
  readonly name: string;
  readonly kind: "control-plane" | "aws" | "load-balancers" | "load" | "kubelet" | "router" | "router-process" | "controller" | "pod";
  readonly state: "running" | "starting" | "backoff" | "stopped";
  /** Of its main process; null while it has none. With `startedAtTicks` (proc(5) `starttime`) it is told from a later process of the same id. */
  readonly pid: number | null;
  readonly startedAtTicks: string | null;
  /** What it listens on, `127.30.0.1:6443`; the first is what others come for. */
  readonly listens: readonly string[];
  /** `listens` without ports: what it is known by in the network. A node's for routers; its own for a pod. Null for what nobody connects to. */
  readonly address: string | null;
  readonly node: string | null;
  readonly zone: string | null;
  /** Namespace, name and labels of the pod that it is a container of. */
  readonly pod: { readonly namespace: string; readonly name: string; readonly labels: Readonly<Record<string, string>> } | null;
  /** Who starts it again when it dies: `lab`, `kubelet`, `router` (its supervisor). Only what the lab starts stays down when it is stopped. */
  readonly startedBy: "lab" | "kubelet" | "router";
}

export type ComponentVerb = "stop" | "start" | "restart";
