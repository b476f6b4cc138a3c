import { Command, Option } from "commander";
import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { userInfo } from "node:os";

import { AppError, messageOf } from "../kernel/index.ts";
import type { HeldView } from "../admin/index.ts";
import { parseListenAddress } from "../router/index.ts";
import { ExitCode } from "./exit-codes.ts";

interface AdminFlags {
  readonly admin: string;
  readonly tokenFile?: string;
}

interface DecisionFlags extends AdminFlags {
  readonly principal: string;
  readonly reason: string;
  readonly ttl: string;
}

const LIMIT_BYTES = 16 * 1024 * 1024;
const TIMEOUT_MS = 10_000;

/** `holdfast hold` (docs/reference/admin.md): what a router holds back and why; a person's word on it. */
export function holdCommand(): Command {
  const hold = new Command("hold").description("What a router holds back and why; approve or reject it.");
  withAdmin(hold.command("status").description("what is held, since when, why, and what would let it through"))
    .option("--json <FILE>", "machine output to a file (- for standard output)")
    .action(async (flags: AdminFlags & { readonly json?: string }) => {
      process.exitCode = await status(flags);
    });
  for (const verb of ["approve", "reject"] as const) {
    withAdmin(hold.command(verb).description(verb === "approve" ? "let a held removal happen" : "keep what a held removal would take away"))
      .argument("<ID>", "as holdfast hold status shows it")
      .addOption(new Option("--principal <NAME>", "who decides").default(userInfo().username, "the user's name"))
      .requiredOption("--reason <TEXT>", "why; it goes into the audit line")
      .option("--ttl <SECONDS>", "how long the decision stands", "3600")
      .action(async (id: string, flags: DecisionFlags) => {
        process.exitCode = await decide(verb, id, flags);
      });
  }
  return hold;
}

function withAdmin(command: Command): Command {
  return command
    .option("--admin <ADDR:PORT>", "the router's admin listener", "127.0.0.1:9911")
    .option("--token-file <FILE>", "the router's --admin-token-file");
}

async function status(flags: AdminFlags & { readonly json?: string }): Promise<number> {
  const answer = await ask(flags, "GET", "/held");
  if (answer.status !== 200) return refused(answer);
  if (flags.json === "-") process.stdout.write(answer.body);
  else if (flags.json !== undefined) writeFileSync(flags.json, answer.body);
  else process.stdout.write(describe(JSON.parse(answer.body) as HeldView));
  return ExitCode.ok;
}

function describe({ held, asOfSeconds }: HeldView): string {
  const age =
    asOfSeconds === null
      ? "the control process has not said anything yet\n"
      : asOfSeconds > 5
        ? `as of ${Math.round(asOfSeconds)} s ago: the control process is silent\n`
        : "";
  if (held.length === 0) return `${age}nothing is held\n`;
  const blocks = held.map((removal) => {
    const keys =
      removal.keys.length > 10 ? `${removal.keys.slice(0, 10).join(", ")} and ${removal.keys.length - 10} more` : removal.keys.join(", ");
    const evidence = removal.evidence.map(({ at, said }) => `    ${at} ${said}\n`).join("");
    return `${removal.id}  ${removal.kind}  since ${removal.since} (${Math.round(removal.sinceSeconds)} s)\n  stays: ${keys}\n  why: ${removal.reason}\n  evidence:\n${evidence}  released by: ${removal.releasedBy}\n`;
  });
  return age + blocks.join("\n");
}

async function decide(verb: "approve" | "reject", id: string, flags: DecisionFlags): Promise<number> {
  const ttlSeconds = Number(flags.ttl);
  const body = JSON.stringify({ principal: flags.principal, reason: flags.reason, ttlSeconds });
  const answer = await ask(flags, "POST", `/held/${encodeURIComponent(id)}/${verb}`, body);
  if (answer.status !== 200) return refused(answer);
  process.stdout.write(`${verb === "approve" ? "approved" : "rejected"} ${id} as ${flags.principal}\n`);
  return ExitCode.ok;
}

function refused(answer: { readonly status: number; readonly body: string }): number {
  let message = answer.body.trim();
  try {
    const parsed: unknown = JSON.parse(answer.body);
    if (typeof parsed === "object" && parsed !== null && "error" in parsed) message = String(parsed.error);
  } catch {
    // Not from a router of ours: what it said is shown as it is.
  }
  process.stderr.write(`holdfast: ${message} (HTTP ${answer.status})\n`);
  return answer.status === 400 || answer.status === 401 || answer.status === 403 ? ExitCode.badInput : ExitCode.failed;
}

async function ask(
  flags: AdminFlags,
  method: "GET" | "POST",
  path: string,
  body = "",
): Promise<{ readonly status: number; readonly body: string }> {
  const { host, port } = parseListenAddress(flags.admin, "--admin");
  const authorization = flags.tokenFile === undefined ? {} : { authorization: `Bearer ${await readToken(flags.tokenFile)}` };
  return new Promise((resolve, reject) => {
    const unreachable = (error: Error): void =>
      reject(
        new AppError(
          "HOLD_UNREACHABLE",
          `no router answers on ${flags.admin} (${messageOf(error)}); give its admin listener with --admin ADDR:PORT`,
          { cause: error },
        ),
      );
    const outgoing = request(
      {
        host,
        port,
        method,
        path,
        timeout: TIMEOUT_MS,
        agent: false,
        headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body), ...authorization },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text += chunk;
          if (text.length > LIMIT_BYTES) response.destroy(new Error("the answer is too long"));
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
        response.on("error", unreachable);
      },
    );
    outgoing.on("timeout", () => outgoing.destroy(new Error("no answer in time")));
    outgoing.on("error", unreachable);
    outgoing.end(body);
  });
}

async function readToken(file: string): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    throw new AppError("CLI_USAGE", `--token-file ${file} cannot be read: ${messageOf(error)}`);
  }
}
