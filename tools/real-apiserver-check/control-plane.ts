import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { request as plainRequest } from "node:http";
import { homedir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";

const SCRIPT = new URL("../real-control-plane.sh", import.meta.url).pathname;
export const KUBE_BINARIES =
  process.env["HOLDFAST_KUBE_BIN"] ?? join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "holdfast/kube-v1.36.3");
/** Every request the router makes is a line of it. */
const AUDIT_POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - { level: Metadata, users: [router, "system:serviceaccount:default:router"] }
  - { level: None }
`;

export type Part = "etcd" | "apiserver" | "controllers";

/** A request of the router's, as the API server noted it. */
export interface AuditLine {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly responseStatus?: { readonly code: number };
  readonly stage: string;
}

/** A real etcd, kube-apiserver and kube-controller-manager, each of which can be killed and started by itself. */
export class ControlPlane {
  readonly directory: string;
  readonly port: number;
  readonly #parts = new Map<Part, ChildProcess>();
  readonly #agent: Agent;

  constructor(directory: string, port: number) {
    this.directory = directory;
    this.port = port;
    this.#step("prepare");
    writeFileSync(join(directory, "audit-policy.yaml"), AUDIT_POLICY);
    const pem = (name: string): string => readFileSync(join(directory, "pki", name), "utf8");
    this.#agent = new Agent({ keepAlive: true, maxSockets: 8, ca: pem("ca.crt"), cert: pem("admin.crt"), key: pem("admin.key") });
  }

  get routerKubeconfig(): string {
    return join(this.directory, "router.kubeconfig");
  }

  /** Starts parts and resolves once the API server is ready. */
  async start(...parts: readonly Part[]): Promise<void> {
    for (const part of parts) {
      if (this.#parts.has(part)) throw new Error(`${part} runs already`);
      const child = spawn(SCRIPT, [this.directory, String(this.port), part], { stdio: "inherit" });
      this.#parts.set(part, child);
      child.once("exit", () => {
        if (this.#parts.get(part) === child) this.#parts.delete(part);
      });
    }
    if (!parts.includes("apiserver")) return;
    const untilMs = Date.now() + 240_000;
    while (!(await this.#isReady())) {
      if (Date.now() > untilMs || !this.#parts.has("apiserver"))
        throw new Error(`kube-apiserver is not ready; see ${this.directory}/apiserver.log`);
      await pause(200);
    }
  }

  async kill(part: Part, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.#parts.get(part);
    if (child === undefined) return;
    this.#parts.delete(part);
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  async close(): Promise<void> {
    await Promise.all((["controllers", "apiserver", "etcd"] as const).map((part) => this.kill(part)));
    this.#agent.destroy();
  }

  grant(): void {
    this.#step("grant");
  }

  /** As a person at a shell: what it printed, or an error with it. */
  kubectl(...args: readonly string[]): string {
    const run = spawnSync(join(KUBE_BINARIES, "kubectl"), ["--kubeconfig", join(this.directory, "kubeconfig"), ...args], {
      encoding: "utf8",
    });
    if (run.status !== 0) throw new Error(`kubectl ${args.join(" ")}: ${run.stderr.trim()}`);
    return run.stdout;
  }

  /** Server-side apply of manifests in YAML or JSON. */
  apply(manifests: string): string {
    const file = join(this.directory, "apply.yaml");
    writeFileSync(file, manifests);
    return this.kubectl("apply", "-f", file);
  }

  /** One request as the administrator; rejects where the answer is not 2xx. */
  async api(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await new Promise<{ status: number; body: string }>((resolve, reject) => {
      const outgoing = request(
        { host: "127.0.0.1", port: this.port, method, path, agent: this.#agent, headers: { "content-type": contentType(method) } },
        (incoming) => void text(incoming).then((content) => resolve({ status: incoming.statusCode ?? 0, body: content }), reject),
      );
      outgoing.on("error", reject);
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body.slice(0, 300)}`);
    return answer.body.startsWith("{") ? JSON.parse(answer.body) : answer.body;
  }

  /** What etcd's own gateway says, for what Kubernetes has no word for. */
  async etcd(path: string, body: unknown): Promise<unknown> {
    const answer = await new Promise<string>((resolve, reject) => {
      const outgoing = plainRequest(
        { host: "127.0.0.1", port: this.port + 1, method: "POST", path },
        (incoming) => void text(incoming).then(resolve, reject),
      );
      outgoing.on("error", reject);
      outgoing.end(JSON.stringify(body));
    });
    return JSON.parse(answer);
  }

  /** Forgets all of etcd's history up to now. */
  async compact(): Promise<void> {
    const status = (await this.etcd("/v3/maintenance/status", {})) as { readonly header: { readonly revision: string } };
    await this.etcd("/v3/kv/compaction", { revision: status.header.revision, physical: true });
  }

  /** Copies etcd's data while it is stopped. */
  backUp(name: string): void {
    cpSync(join(this.directory, "etcd"), join(this.directory, name), { recursive: true });
  }

  restore(name: string): void {
    rmSync(join(this.directory, "etcd"), { recursive: true });
    cpSync(join(this.directory, name), join(this.directory, "etcd"), { recursive: true });
  }

  /** What the router asked for, in order. */
  audit(): readonly AuditLine[] {
    const file = join(this.directory, "audit.log");
    if (!existsSync(file)) return [];
    return readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line.endsWith("}"))
      .map((line) => JSON.parse(line) as AuditLine);
  }

  async #isReady(): Promise<boolean> {
    try {
      await this.api("GET", "/readyz");
      return true;
    } catch {
      return false;
    }
  }

  #step(step: string): void {
    const run = spawnSync(SCRIPT, [this.directory, String(this.port), step], { encoding: "utf8" });
    if (run.status !== 0) throw new Error(`${SCRIPT} ${step}: ${run.stderr.trim()}`);
  }
}

function contentType(method: string): string {
  return method === "PATCH" ? "application/merge-patch+json" : "application/json";
}
