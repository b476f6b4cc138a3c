import { AppError, isRunning, signalProcess } from "../../kernel/index.ts";
import type { Lab } from "../lab.ts";
import { KUBELET_PORT } from "../network.ts";
import { START_TIMEOUT_MS } from "../options.ts";
import type { ComponentVerb, LabComponent } from "./component.ts";
import { listComponents } from "./list-components.ts";

/** Every process of the lab by name, and what experiments do to it. */
export class Components {
  readonly #lab: Lab;

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  list(): readonly LabComponent[] {
    return listComponents(this.#lab);
  }

  /**
   * Stops, starts or restarts one. What the lab starts stays down until it is started; a container or a router's process is started
   * again by its kubelet or supervisor. A kubelet is killed whatever `signal` says, because on SIGTERM it would end its containers, as at
   * the shutdown of its machine. Resolves when it is done (of a container: when it was told).
   * @throws AppError LAB_NO_SUCH_COMPONENT, LAB_FAULT_FAILED, LAB_PART_FAILED
   */
  async change(name: string, verb: ComponentVerb, signal: "TERM" | "KILL"): Promise<string> {
    const found = this.list().find((component) => component.name === name);
    if (found === undefined)
      throw new AppError("LAB_NO_SUCH_COMPONENT", `the lab has no component ${name} now; GET /api/components lists what there is`);
    if (found.startedBy === "lab") await this.#changePart(found, verb, signal);
    else if (verb === "start")
      throw new AppError(
        "LAB_FAULT_FAILED",
        `${name} runs; when it dies its ${found.startedBy} starts it again, so there is nothing to start`,
      );
    else await this.#end(found, signal);
    return `${name}: ${DONE[verb]}.`;
  }

  async #changePart({ name, kind }: LabComponent, verb: ComponentVerb, signal: "TERM" | "KILL"): Promise<void> {
    const part = this.#lab.parts.get(name.replace("/", "-"));
    if (verb !== "start") await part.stop(kind === "kubelet" || signal === "KILL" ? "SIGKILL" : "SIGTERM");
    if (verb !== "stop") await part.start(START_TIMEOUT_MS);
  }

  async #end({ name, pid, startedAtTicks, pod, address, node, startedBy }: LabComponent, signal: "TERM" | "KILL"): Promise<void> {
    if (startedBy === "kubelet" && pod !== null && node !== null) {
      // As `crictl stop` on the node. Where the kubelet does not answer its containers are signalled all the same.
      const container = name.startsWith("pod/") ? (name.split("/")[3] ?? "") : name.startsWith("router/") ? "router" : "alb";
      const path = `/containers/${pod.namespace}/${pod.name}/${container}/stop?signal=${signal}&grace=60`;
      const url = `http://${this.#lab.observatory.nodeAddress(node)}:${KUBELET_PORT}${path}`;
      const isDone = await fetch(url, { method: "POST", signal: AbortSignal.timeout(3_000) }).then(
        (response) => response.ok,
        () => false,
      );
      if (isDone) return;
    }
    const isSame = pid !== null && isRunning({ pid, startTime: startedAtTicks ?? "" });
    if (!isSame || !signalProcess(pid, `SIG${signal}`))
      throw new AppError("LAB_FAULT_FAILED", `${name} at ${address ?? "no address"} does not run any more; try again in a second`);
  }
}

const DONE: Readonly<Record<ComponentVerb, string>> = { stop: "stopped", start: "started", restart: "restarted" };
