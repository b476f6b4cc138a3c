import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError, makeFolder, messageOf, writeDurably } from "../../kernel/index.ts";
import type { Log } from "../../telemetry/index.ts";
import { type StateOwner, type StateStore, decodeState, encodeState } from "./state-store.ts";

/** State in a file of a folder (`--state DIR`), for one process alone: nothing tells two of them apart. */
export function createFolderStore(directory: string, owner: StateOwner, { log }: { readonly log: Log }): StateStore {
  const file = join(directory, "alb-state.json");
  return {
    async load() {
      let text: string;
      try {
        text = await readFile(file, "utf8");
      } catch (error) {
        if (isMissing(error)) return new Map();
        throw new AppError("ALB_STATE_UNREADABLE", `${file}: ${messageOf(error)}`, { cause: error });
      }
      try {
        return decodeState(text, owner);
      } catch (error) {
        log.warn({ file, reason: messageOf(error) }, "saved state is not used: clocks of removals begin anew");
        return new Map();
      }
    },
    async save(parts) {
      try {
        makeFolder(directory);
        await writeDurably(file, encodeState(parts, owner));
      } catch (error) {
        throw new AppError("ALB_STATE_UNWRITABLE", `${file}: ${messageOf(error)}; free the disk or give another --state`, { cause: error });
      }
    },
  };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
