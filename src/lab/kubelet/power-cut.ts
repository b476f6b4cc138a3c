import { globSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Clock, sleep } from "../../kernel/index.ts";
import { adoptContainer } from "./container-process.ts";

/** A shim that was just being started says who it is within this time. */
const STARTING_MS = 200;

/** Kills every container of a node whose kubelet is dead already, as the end of its machine does. Resolves when they are gone. */
export async function killContainers(stateDir: string, clock: Clock): Promise<void> {
  await killThose(stateDir, clock);
  await sleep(clock, STARTING_MS);
  await killThose(stateDir, clock);
}

async function killThose(stateDir: string, clock: Clock): Promise<void> {
  const running = globSync("pods/*/containers/*/*/pid", { cwd: stateDir }).flatMap(
    (file) => adoptContainer(dirname(join(stateDir, file)), clock) ?? [],
  );
  for (const container of running) container.kill();
  await Promise.all(running.map(({ exited }) => exited));
}
