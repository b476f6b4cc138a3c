import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { AppError, makeFolder, messageOf, isUnfinishedWrite, writeDurably } from "../../kernel/index.ts";
import type { Log } from "../../telemetry/index.ts";
import type { OpenGeneration } from "../generation.ts";
import { corrupt } from "../generation-words.ts";
import { readGenerationFile } from "./generation-file.ts";
import { readRecords } from "./record.ts";

/** Generations and the control process's state on disk, in one folder. Reading is synchronous: it is what a boot does first. */
export interface SnapshotStore {
  readonly directory: string;
  /**
   * The newest generation that is whole, of this source, not marked bad and not in `skip`. One warning is logged for each
   * newer file passed over.
   */
  readNewest(skip?: ReadonlySet<number>): OpenGeneration | undefined;
  /** The greatest number any file in the folder is named after, whole or not; 0 when there is none. */
  greatestNumber(): number;
  /** The path of the file that begins with the generation of this number. */
  fileOf(number: number): string;
  /** Lets go of files beyond the newest `keep`, best effort. */
  prune(): void;
  /** This generation is served: it is kept, however many unproven ones follow it. */
  keepServed(number: number): void;
  /** Remembers that workers die of a generation, so that no later boot takes it. Best effort: false when it could not be written. */
  markBad(number: number, reason: string): boolean;
  /** A named piece of state (`[a-z0-9-]+`), undefined when there is none. Throws AppError `ROUTER_SNAPSHOT_READ` when it cannot be read. */
  readState(name: string): string | undefined;
  /** The path of a piece of state. */
  stateFile(name: string): string;
  /** The records of a piece of state that is kept as a whole and its changes; undefined when there is none. Throws as `readState`, and AppError `ROUTER_SNAPSHOT_CORRUPT`. */
  readChanges(name: string): readonly string[] | undefined;
  /** Replaces a piece of state. Rejects with AppError `ROUTER_SNAPSHOT_WRITE`; the old one stays. */
  writeState(name: string, text: string): Promise<void>;
  /** Takes away pieces of state whose names begin with `prefix` and that were last written before then. Best effort. */
  forgetStates(prefix: string, beforeMs: number): void;
}

interface SnapshotOptions {
  readonly directory: string;
  /** The source whose snapshots may be used (see GenerationHeader.source). */
  readonly source: string;
  /** How many files of generations to keep, the newest included. */
  readonly keep?: number;
}

const GENERATION_NAME = /^generation-(\d{12})$/;
const BAD_NAME = /^generation-(\d{12})\.bad$/;

/** Opens a snapshot folder without touching the disk; what is wrong with it shows at the first read or write. */
export function openSnapshotStore(options: SnapshotOptions, deps: { readonly log: Log }): SnapshotStore {
  const { directory, source } = options;
  const keep = options.keep ?? 5;
  const { log } = deps;
  let served = 0;

  const list = (): string[] => {
    try {
      return readdirSync(directory);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") log.warn({ directory, reason: messageOf(error) }, "snapshot folder cannot be read");
      return [];
    }
  };

  const numbers = (pattern: RegExp, names: readonly string[]): number[] =>
    names
      .map((name) => Number(pattern.exec(name)?.[1] ?? Number.NaN))
      .filter((number) => Number.isSafeInteger(number))
      .sort((a, b) => b - a);

  const prune = (): void => {
    const names = list();
    const bad = new Set(numbers(BAD_NAME, names));
    const kept = numbers(GENERATION_NAME, names);
    // One that begins with a bad generation does not count as one of those kept: what is kept is what can be booted from.
    const surplus = kept.filter((number) => !bad.has(number)).slice(keep);
    const oldestKept = (surplus[0] ?? 0) + 1;
    // The one that is served is in the file that began last before it.
    const holding = kept.find((number) => number <= served);
    const stale = [...surplus, ...[...bad].filter((number) => number < oldestKept)].filter((number) => number !== holding);
    for (const number of stale) {
      rmSync(join(directory, nameOf(number)), { force: true });
      rmSync(join(directory, `${nameOf(number)}.bad`), { force: true });
    }
  };

  return {
    directory,

    readNewest(skip) {
      const names = list();
      const marked = new Set(numbers(BAD_NAME, names));
      const isBad = (number: number): boolean => marked.has(number) || skip?.has(number) === true;
      for (const number of numbers(GENERATION_NAME, names)) {
        const file = join(directory, nameOf(number));
        try {
          const { generation, rest } = readGenerationFile(readFileSync(file), isBad);
          if (rest === "altered") log.warn({ file }, "what follows in a snapshot file was altered, it is used up to there");
          if (generation === undefined) continue;
          if (generation.header.number < number) throw corrupt(`it says it is generation ${generation.header.number}`);
          if (generation.header.source !== source)
            throw new AppError("ROUTER_SNAPSHOT_FOREIGN", `it is of source ${generation.header.source}, this router's is ${source}`);
          return generation;
        } catch (error) {
          log.warn({ file, reason: messageOf(error) }, "snapshot file passed over, the one before it is tried");
        }
      }
      return undefined;
    },

    greatestNumber() {
      const names = list();
      return Math.max(0, ...numbers(GENERATION_NAME, names), ...numbers(BAD_NAME, names));
    },

    fileOf: (number) => join(directory, nameOf(number)),

    prune() {
      try {
        prune();
      } catch (error) {
        log.warn({ directory, reason: messageOf(error) }, "old snapshots cannot be removed");
      }
    },

    keepServed(number) {
      served = number;
    },

    markBad(number, reason) {
      try {
        writeFileSync(join(directory, `${nameOf(number)}.bad`), `${reason}\n`, { mode: 0o600 });
        return true;
      } catch (error) {
        log.warn({ generation: number, reason: messageOf(error) }, "bad generation cannot be marked on disk");
        return false;
      }
    },

    readState: (name) => readStateFile(name)?.toString("utf8"),

    stateFile: (name) => join(directory, `state-${name}`),

    readChanges(name) {
      const bytes = readStateFile(name);
      if (bytes === undefined) return undefined;
      const { texts, rest } = readRecords(bytes);
      if (texts.length === 0) throw corrupt(rest === "torn" ? "it is torn" : "it was altered, or another version wrote it");
      if (rest === "altered") log.warn({ state: name }, "what follows in a state file was altered, it is used up to there");
      return texts;
    },

    writeState(name, text) {
      return writeFile(join(directory, `state-${name}`), text);
    },

    forgetStates(prefix, beforeMs) {
      for (const name of list().filter((entry) => entry.startsWith(`state-${prefix}`))) {
        try {
          const file = join(directory, name);
          if (statSync(file).mtimeMs < beforeMs) rmSync(file, { force: true });
        } catch (error) {
          log.warn({ file: name, reason: messageOf(error) }, "old state cannot be removed");
        }
      }
    },
  };

  function readStateFile(name: string): Buffer | undefined {
    const file = join(directory, `state-${name}`);
    try {
      return readFileSync(file);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw new AppError("ROUTER_SNAPSHOT_READ", `${file}: ${messageOf(error)}`, { cause: error });
    }
  }

  async function writeFile(file: string, text: string): Promise<void> {
    try {
      makeFolder(directory);
      await writeDurably(file, text);
    } catch (error) {
      throw new AppError("ROUTER_SNAPSHOT_WRITE", `snapshot ${file} cannot be written: ${messageOf(error)}; the one before stays in use`, {
        cause: error,
      });
    }
  }
}

/**
 * Makes the folder ready at start: creates it, takes away writes that a crash left unfinished, tries whether it can be written.
 * Answers the problem in one line, or undefined when all is well.
 */
export function prepareSnapshotFolder(directory: string): { readonly code: string; readonly message: string } | undefined {
  try {
    makeFolder(directory);
    for (const name of readdirSync(directory)) if (isUnfinishedWrite(name)) rmSync(join(directory, name), { force: true });
    const trial = join(directory, `.writing-${process.pid}-trial`);
    writeFileSync(trial, "");
    rmSync(trial, { force: true });
    return undefined;
  } catch (error) {
    return { code: codeOf(error), message: messageOf(error) };
  }
}

function nameOf(number: number): string {
  return `generation-${String(number).padStart(12, "0")}`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}
