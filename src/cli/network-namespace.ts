import { type ChildProcess, spawn } from "node:child_process";
import { type Server, type Socket, createServer } from "node:net";
import { become, inNamespaceOf, inNewNamespace, isInOwnNamespace, networkNamespaceOf, readLab } from "../experiment/index.ts";
import { AppError, messageOf } from "../kernel/index.ts";
import { ExitCode } from "./exit-codes.ts";

/** This program with its arguments. */
const ourselves = (): readonly string[] => [process.execPath, ...process.execArgv, ...process.argv.slice(1)];

/**
 * Goes on in the network namespace of a lab that has one, else, when asked, in a new one: returns where we are there already, and starts this
 * program anew in its own place where not. Throws AppError EXPERIMENT_NAMESPACE_REFUSED, EXPERIMENT_TARGET.
 */
export function enterNamespace(isAsked: boolean, lab: string | undefined): void {
  const { pid, networkNamespace: id } = lab === undefined || lab === "" ? { pid: 0, networkNamespace: null } : readLab(lab);
  if (id !== null && id !== networkNamespaceOf("self")) become(inNamespaceOf({ pid, id }, ourselves()), process.env);
  if (id === null && isAsked && !isInOwnNamespace(process.env)) become(inNewNamespace(ourselves()), process.env);
}

/**
 * Runs this program once more in a network namespace of its own, which has no way out, and gives it a door: connections to
 * 127.0.0.1:`port` out here are taken by it ({@link takeConnections}). Resolves with its exit code; it ends when we do.
 * @throws AppError EXPERIMENT_NAMESPACE_REFUSED, LAB_BAD_OPTION
 */
export async function runBehindDoor(port: number): Promise<number> {
  const [file, ...args] = inNewNamespace(ourselves());
  const door = createServer();
  const { port: taken } = await listen(door, port);
  // The last of a flag that is given twice counts: inside it has to be the same port, because browsers name it.
  const child = spawn(file, [...args, "--port", String(taken)], { stdio: ["inherit", "inherit", "inherit", "ipc"] });
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? (signal === null ? ExitCode.failed : ExitCode.halted)));
  });
  // Ctrl-C reaches both of us; the child decides what is ended in which order.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  await handOver(child, door);
  return ended;
}

/** Inside: connections that came to the door. Calls `gone` when who opened it has ended. Answers what closes the door. */
export function takeConnections(take: (socket: Socket) => void, gone: () => void): () => void {
  let door: Server | undefined;
  process.once("message", (_message, handle) => {
    door = handle as Server;
    door.on("connection", take);
  });
  process.once("disconnect", gone);
  return () => {
    door?.close();
    if (process.connected) process.disconnect?.();
  };
}

function handOver(child: ChildProcess, door: Server): Promise<void> {
  return new Promise((resolve) => {
    child.send("door", door, () => {
      // Its own copy stays open: from now on it alone takes what comes.
      door.close();
      resolve();
    });
  });
}

function listen(server: Server, port: number): Promise<{ readonly port: number }> {
  return new Promise((resolve, reject) => {
    server.once("error", (thrown) =>
      reject(new AppError("LAB_BAD_OPTION", `--port ${port}: ${messageOf(thrown)}; choose another`, { cause: thrown })),
    );
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      resolve({ port: typeof address === "object" && address !== null ? address.port : port });
    });
  });
}
