import { spawn, spawnSync } from "node:child_process";
import { text } from "node:stream/consumers";
import { LAB_KEY, REGION } from "./test-account.ts";

/** Whether the aws CLI can be run here. */
export const hasAwsCli = spawnSync("aws", ["--version"]).status === 0;

export interface CliResult {
  readonly status: number;
  /** What it prints, parsed; undefined where it prints nothing. */
  readonly output: unknown;
  readonly stderr: string;
}

/** Runs the aws CLI against an endpoint, without retries, and with no configuration but this. */
export async function awsCli(url: string, ...args: readonly string[]): Promise<CliResult> {
  const env = {
    PATH: process.env["PATH"],
    HOME: "/nonexistent",
    AWS_ACCESS_KEY_ID: LAB_KEY.id,
    AWS_SECRET_ACCESS_KEY: LAB_KEY.secret,
    AWS_DEFAULT_REGION: REGION,
    AWS_MAX_ATTEMPTS: "1",
    AWS_PAGER: "",
    AWS_EC2_METADATA_DISABLED: "true",
  };
  const child = spawn("aws", ["--endpoint-url", url, "--output", "json", ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, status] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve(code ?? -1));
    }),
  ]);
  return { status, output: stdout.trim() === "" ? undefined : JSON.parse(stdout), stderr };
}
