import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";

const program = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "holdfast/moto/bin/moto_server");

/** Whether scripts/provision.sh could bring it here. */
export const hasMoto = existsSync(program);
export const NOT_RUN = "(no moto; scripts/provision.sh brings it from PyPI)";
export const MOTO_REGION = "eu-central-1";
export const MOTO_CREDENTIALS = { accessKeyId: "AKIAMOTO", secretAccessKey: "moto" };

/** Starts moto's server with an empty account until the test ends; answers its endpoint. It needs some seconds to import itself. */
export async function startMoto(t: TestContext): Promise<string> {
  const env = { PATH: process.env["PATH"], HOME: process.env["HOME"], MOTO_IAM_LOAD_MANAGED_POLICIES: "false" };
  const server = spawn(program, ["--host", "127.0.0.1", "--port", "0"], { env, stdio: ["ignore", "ignore", "pipe"] });
  t.after(() => {
    server.kill("SIGKILL");
  });
  const said: string[] = [];
  for await (const line of createInterface({ input: server.stderr })) {
    said.push(line);
    const endpoint = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (endpoint === undefined) continue;
    server.stderr.resume();
    return endpoint;
  }
  throw new Error(`moto did not start: ${said.slice(-3).join(" ")}`);
}
