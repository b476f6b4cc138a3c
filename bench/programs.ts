import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The programs of one run with their files; `stop` ends every one of them and removes these. */
export class Programs {
  readonly directory = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  readonly #children: ChildProcess[] = [];

  path(name: string): string {
    return join(this.directory, name);
  }

  file(name: string, lines: readonly string[]): string {
    writeFileSync(this.path(name), `${lines.join("\n")}\n`);
    return this.path(name);
  }

  /** Starts a program and waits until it accepts connections. */
  async start(program: string, args: readonly string[], port: number, environment: Readonly<Record<string, string>> = {}): Promise<number> {
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, ...environment } });
    this.#children.push(child);
    let said = "";
    child.stderr.on("data", (data: Buffer) => {
      said = (said + data.toString()).slice(-2_000);
    });
    child.on("error", (error) => {
      said = error.message;
    });
    const untilMs = performance.now() + 10_000;
    while (performance.now() < untilMs && child.exitCode === null && child.pid !== undefined) {
      if (await accepts(port)) return child.pid;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${program} does not accept connections on 127.0.0.1:${port}: ${said.trim() || `exit code ${child.exitCode}`}`);
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const gone = new Promise((resolve) => child.once("exit", resolve));
        child.kill("SIGTERM");
        const kill = setTimeout(() => child.kill("SIGKILL"), 3_000);
        await gone;
        clearTimeout(kill);
      }),
    );
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Whether a program is on the PATH. */
export function hasProgram(name: string): boolean {
  return (
    spawnSync("sh", ["-c", `command -v ${name}`], { env: { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin` } }).status === 0
  );
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
