import { AppError, isRecord } from "../../../kernel/index.ts";
import type { HostedLoadBalancer, LoadBalancerConfig } from "../../alb/index.ts";
import type { DataPlaneOptions } from "./options.ts";

const TIMEOUT_MS = 5_000;

/** The control API of a host of load balancers. Rejects with AppError of the host's own code, and with what a connection does. */
export class HostClient {
  readonly #url: string;
  readonly #token: string;

  constructor({ host, port, token }: DataPlaneOptions["host"]) {
    this.#url = `http://${host}:${port}/load-balancers`;
    this.#token = token;
  }

  async list(): Promise<readonly HostedLoadBalancer[]> {
    const answer = await this.#ask("GET", "");
    const list = isRecord(answer) ? answer["loadBalancers"] : undefined;
    if (!Array.isArray(list)) throw new AppError("LAB_AWS_HOST_UNREADABLE", `${this.#url}: answered no list of load balancers`);
    return list as readonly HostedLoadBalancer[];
  }

  async put(config: LoadBalancerConfig): Promise<void> {
    await this.#ask("PUT", `/${config.id}`, config);
  }

  async delete(id: string): Promise<void> {
    await this.#ask("DELETE", `/${id}`);
  }

  async #ask(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (response.ok) return answer;
    const { code, message } = isRecord(answer) ? answer : {};
    throw new AppError(
      typeof code === "string" ? code : "LAB_AWS_HOST_UNREADABLE",
      `${method} ${this.#url}${path}: ${typeof message === "string" ? message : response.status}`,
    );
  }
}
