import { execFile } from "node:child_process";
import { request } from "node:http";
import { request as requestTls } from "node:https";
import { connect } from "node:net";
import type { Container, HttpGetAction, Probe } from "../objects/index.ts";

/** What a probe or hook needs to know of its container. */
export interface ProbeTarget {
  /** The pod's address. */
  readonly host: string;
  readonly container: Pick<Container, "ports">;
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string;
}

/** `message` is for the Unhealthy event; empty on success. */
export interface ProbeResult {
  readonly success: boolean;
  readonly message: string;
}

/** Makes one probe. It never throws and ends within the time-out, whatever the other side does. */
export function runProbe(probe: Probe, target: ProbeTarget): Promise<ProbeResult> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  if (probe.httpGet !== undefined) return httpGet(probe.httpGet, target, timeoutMs);
  if (probe.tcpSocket !== undefined)
    return tcpConnect(probe.tcpSocket.host ?? target.host, resolvePort(probe.tcpSocket.port, target), timeoutMs);
  if (probe.exec !== undefined) return execCommand(probe.exec.command, target, timeoutMs);
  return Promise.resolve({ success: false, message: "probe has none of httpGet, tcpSocket and exec" });
}

/** GET with a connection of its own; 200 to 399 is success (page "Liveness, Readiness, and Startup Probes"). */
export function httpGet(action: HttpGetAction, target: ProbeTarget, timeoutMs: number): Promise<ProbeResult> {
  const host = action.host ?? target.host;
  const port = resolvePort(action.port, target);
  const path = (action.path ?? "/").startsWith("/") ? (action.path ?? "/") : `/${action.path}`;
  const url = `${(action.scheme ?? "HTTP").toLowerCase()}://${host}:${port}${path}`;
  if (port === undefined) return Promise.resolve({ success: false, message: `no port named ${action.port}` });
  return new Promise((resolve) => {
    const headers: Record<string, string> = { "user-agent": "kube-probe/1.36", accept: "*/*", connection: "close" };
    for (const { name, value } of action.httpHeaders ?? []) headers[name.toLowerCase()] = value;
    const send = action.scheme?.toUpperCase() === "HTTPS" ? requestTls : request;
    // As the kubelet does, a probe does not verify the certificate.
    const sent = send({ host, port, path, headers, agent: false, timeout: timeoutMs, rejectUnauthorized: false }, (response) => {
      const status = response.statusCode ?? 0;
      response.resume();
      sent.destroy();
      done(status >= 200 && status < 400, `HTTP probe failed with statuscode: ${status}`);
    });
    const done = (success: boolean, message: string): void => {
      clearTimeout(deadline);
      resolve({ success, message: success ? "" : message });
    };
    const deadline = setTimeout(() => {
      sent.destroy();
      done(false, `Get "${url}": context deadline exceeded`);
    }, timeoutMs);
    sent.on("error", (error) => done(false, `Get "${url}": ${error.message}`));
    sent.end();
  });
}

/** Runs a command with the container's environment; exit code 0 is success. */
export function execCommand(command: readonly string[], target: ProbeTarget, timeoutMs: number): Promise<ProbeResult> {
  const [program, ...args] = command;
  if (program === undefined) return Promise.resolve({ success: false, message: "exec has no command" });
  return new Promise((resolve) => {
    const options = {
      env: { ...target.env },
      cwd: target.workingDir,
      timeout: timeoutMs,
      killSignal: "SIGKILL" as const,
      maxBuffer: 64 * 1024,
    };
    execFile(program, args, options, (error, stdout, stderr) => {
      resolve({ success: error === null, message: error === null ? "" : `${stdout}${stderr}`.trim().slice(0, 1024) || error.message });
    });
  });
}

function tcpConnect(host: string, port: number | undefined, timeoutMs: number): Promise<ProbeResult> {
  if (port === undefined) return Promise.resolve({ success: false, message: "no such named port" });
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const done = (success: boolean, message: string): void => {
      clearTimeout(deadline);
      socket.destroy();
      resolve({ success, message });
    };
    const deadline = setTimeout(() => done(false, `dial tcp ${host}:${port}: i/o timeout`), timeoutMs);
    socket.on("connect", () => done(true, ""));
    socket.on("error", (error) => done(false, `dial tcp ${host}:${port}: ${error.message}`));
  });
}

function resolvePort(port: number | string, target: ProbeTarget): number | undefined {
  if (typeof port === "number") return port;
  return target.container.ports?.find((each) => each.name === port)?.containerPort ?? (/^\d+$/.test(port) ? Number(port) : undefined);
}
