import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { AppError, isRecord, messageOf } from "../../../kernel/index.ts";
import { type AwsWorld, type Table, emptyWorld } from "./world.ts";

/** What a Map is in the file: its entries in order, under a name that no record has. */
const ENTRIES = "#entries";
const FORMAT = 1;

/**
 * Writes a world so that the file holds it whole or still the one before, whenever the process is killed: the bytes go to a file beside it,
 * which then takes its name. Not flushed to the disk: that is for machines that lose power. Throws AppError LAB_AWS_STATE_UNWRITABLE.
 */
export function writeWorld(file: string, world: AwsWorld): void {
  const text = JSON.stringify({ format: FORMAT, world }, (_name, value: unknown) =>
    value instanceof Map ? { [ENTRIES]: [...value] } : value,
  );
  try {
    writeFileSync(`${file}.next`, text, { mode: 0o600 });
    renameSync(`${file}.next`, file);
  } catch (thrown) {
    throw new AppError("LAB_AWS_STATE_UNWRITABLE", `${file}: the lab's AWS cannot keep its state there (${messageOf(thrown)})`, {
      cause: thrown,
    });
  }
}

/** The world of a file; undefined where there is none. Throws AppError LAB_AWS_STATE_UNREADABLE for what `writeWorld` did not write. */
export function readWorld(file: string): AwsWorld | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return undefined;
    throw unreadable(file, messageOf(thrown), thrown);
  }
  let held: unknown;
  try {
    held = JSON.parse(text, (_name, value: unknown) =>
      isRecord(value) && Array.isArray(value[ENTRIES]) ? new Map(value[ENTRIES] as [string, unknown][]) : value,
    );
  } catch (thrown) {
    throw unreadable(file, "it is not JSON", thrown);
  }
  if (!isRecord(held) || held["format"] !== FORMAT) throw unreadable(file, `its format is not ${FORMAT}`);
  const world = held["world"];
  if (!isWorld(world)) throw unreadable(file, "it lacks a table");
  return world;
}

/** Looks at the tables, not at every record: the file is the lab's own, and its folder is its owner's alone. */
function isWorld(value: unknown): value is AwsWorld {
  if (!isRecord(value) || typeof value["version"] !== "number") return false;
  const { version: _version, ...tables } = emptyWorld;
  return (Object.keys(tables) as Table[]).every((table) => value[table] instanceof Map);
}

function unreadable(file: string, why: string, cause?: unknown): AppError {
  return new AppError(
    "LAB_AWS_STATE_UNREADABLE",
    `${file}: is not the state of a lab's AWS (${why}); remove it to begin with an empty account`,
    { cause },
  );
}
