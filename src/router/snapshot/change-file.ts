import { type Hash, createHash } from "node:crypto";
import * as fs from "node:fs";
import { rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { promisify } from "node:util";

import { AppError, type Clock, makeFolder, messageOf, syncFolder, temporaryName } from "../../kernel/index.ts";
import { recordHead, recordOf } from "./record.ts";
import { WaitingRecords } from "./waiting-records.ts";

// Descriptors: a file is open for as long as the process lives, and nobody closes it.
const [openFile, writeTo, syncAll, syncData, truncate, statOf, closeFile] = [
  promisify(fs.open),
  promisify(fs.write),
  promisify(fs.fsync),
  promisify(fs.fdatasync),
  promisify(fs.ftruncate),
  promisify(fs.fstat),
  promisify(fs.close),
];

/** How long what was appended may be in the memory of the machine only. */
const SYNC_MS = 1_000;
/** As long as no more than this follows a whole, it need not be written anew. */
const LEAST_FOLLOWING_BYTES = 65_536;
/** With no whole to append to: from one attempt to write one to the next. */
const RETRY_MS = 1_000;

interface OpenFile {
  readonly path: string;
  readonly descriptor: number;
  readonly wholeLength: number;
  /** Up to here it is good. */
  length: number;
}

/**
 * A file whose first record is a whole and whose others say what changed since. What is appended is there for whoever reads the file
 * when `append` resolves, also when this process is killed then; within {@link SYNC_MS} also when the machine is. What could not be
 * written is written before what comes next: no change is ever missing between two.
 */
export class ChangeFile {
  readonly #clock: Clock;
  readonly #onLost: (error: AppError) => void;
  #open: OpenFile | undefined;
  #unwritten = new WaitingRecords();
  /** What was appended since the whole was taken that is being written. */
  #following = new WaitingRecords();
  /** One after the other. */
  #writes: Promise<void> = Promise.resolve();
  /** Whether the last attempt to append failed. */
  #isBehind = false;
  #isSyncDue = false;
  #isReplacing = false;
  #replacedAtMs = -Infinity;

  /** `onLost` hears that what was written may not be there any more: then the file takes nothing until it is replaced. */
  constructor(clock: Clock, onLost: (error: AppError) => void) {
    this.#clock = clock;
    this.#onLost = onLost;
  }

  /** Whether there is a whole to append to. */
  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /** Whether what follows the whole takes half as long to read as it does, or there is none; then not more often than every second. */
  get isWholeDue(): boolean {
    if (this.#isReplacing) return false;
    if (this.#open === undefined) return this.#clock.monoMs() - this.#replacedAtMs >= RETRY_MS;
    const { length, wholeLength } = this.#open;
    return length - wholeLength > Math.max(LEAST_FOLLOWING_BYTES, wholeLength / 2);
  }

  /** Resolves when it is written. Rejects with AppError `ROUTER_SNAPSHOT_WRITE`. */
  append(text: string): Promise<void> {
    const isBeginning = this.#isReplacing && !this.#following.isIncomplete;
    if (this.#open === undefined && !isBeginning)
      return Promise.reject(new AppError("ROUTER_SNAPSHOT_WRITE", "the snapshot that this would follow could not be written"));
    const record = Buffer.from(recordOf(text));
    const waiting = this.#unwritten;
    if (this.#isReplacing) this.#following.push(record);
    return waiting.push(record) ? this.#inTurn(() => this.#flush(waiting)) : Promise.reject(this.#overflow());
  }

  /**
   * Begins anew under this path with a whole, in pieces, of all that was appended before this call. Until it is on disk, what is
   * appended goes to the file before, and to this one too. Rejects with AppError `ROUTER_SNAPSHOT_WRITE`; then the file before stays in use.
   */
  async replace(path: string, pieces: Promise<readonly string[]>): Promise<void> {
    if (this.#isReplacing) throw new AppError("ROUTER_SNAPSHOT_WRITE", "snapshot cannot be written: the one before is still being written");
    this.#isReplacing = true;
    this.#replacedAtMs = this.#clock.monoMs();
    const following = new WaitingRecords();
    this.#following = following;
    const temporary = temporaryName(dirname(path));
    try {
      const written = async (): Promise<OpenFile> => writeWhole(temporary, path, await pieces);
      // What is appended while there is no file waits for this one. On a full disk what is tried again takes the room while it is tried.
      if (this.#open === undefined || this.#isBehind) await this.#inTurn(async () => this.#takeUp(await written(), temporary, following));
      else {
        const next = await written();
        await this.#inTurn(() => this.#takeUp(next, temporary, following));
      }
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {});
      throw failed(error);
    } finally {
      this.#isReplacing = false;
      this.#following = new WaitingRecords();
    }
  }

  async #takeUp(next: OpenFile, temporary: string, following: WaitingRecords): Promise<void> {
    try {
      await write(next, [Buffer.concat(following.take())]);
      // Without one of them it would be behind the file before.
      if (following.isIncomplete) throw tooMuch();
      await rename(temporary, next.path);
    } catch (error) {
      await closeFile(next.descriptor);
      throw error;
    }
    const before = this.#open;
    this.#open = next;
    this.#isBehind = false;
    // Those that came while these were written are left.
    this.#unwritten.take();
    this.#unwritten = following;
    this.#following = new WaitingRecords();
    if (following.isIncomplete) this.#lose(next, tooMuch());
    else this.#syncSoon();
    if (before !== undefined) await closeFile(before.descriptor);
    await syncFolder(dirname(next.path));
  }

  /** Writes all that waits, and so what was put into `asked` if that is not lost. */
  async #flush(asked: WaitingRecords): Promise<void> {
    if (asked.isIncomplete) throw tooMuch();
    const waiting = this.#unwritten;
    if (waiting.isEmpty) return;
    const records = waiting.take();
    const to = this.#open;
    if (to === undefined) throw new AppError("ROUTER_SNAPSHOT_WRITE", "the snapshot that this would follow could not be written");
    try {
      await write(to, [Buffer.concat(records)]);
    } catch (error) {
      waiting.putBack(records);
      this.#isBehind = true;
      // What is half there takes room that the next whole may need.
      await truncate(to.descriptor, to.length).catch(() => {});
      throw failed(error);
    }
    this.#isBehind = false;
    this.#syncSoon();
  }

  #syncSoon(): void {
    if (this.#isSyncDue) return;
    this.#isSyncDue = true;
    this.#clock.timer(SYNC_MS, () => {
      this.#isSyncDue = false;
      const synced = this.#open;
      if (synced !== undefined) void sync(synced).catch((error: unknown) => this.#lose(synced, error));
    });
  }

  /** A change is missing: nothing can follow what there is, nor the whole that is being written. */
  #overflow(): AppError {
    this.#following.giveUp();
    if (this.#open === undefined) this.#dropUnwritten();
    else this.#lose(this.#open, tooMuch());
    return tooMuch();
  }

  #lose(lost: OpenFile, error: unknown): void {
    if (this.#open !== lost) return;
    this.#open = undefined;
    this.#dropUnwritten();
    // In its turn: somebody may be writing to it, and must not write to what gets its number next.
    void this.#inTurn(() => closeFile(lost.descriptor)).catch(() => {});
    this.#onLost(failed(error));
  }

  #dropUnwritten(): void {
    this.#unwritten.giveUp();
    this.#unwritten = new WaitingRecords();
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#writes.then(work);
    this.#writes = done.catch(() => {});
    return done;
  }
}

/** Written beside its place, flushed. */
async function writeWhole(temporary: string, path: string, pieces: readonly string[]): Promise<OpenFile> {
  const hash = createHash("sha256");
  const buffers: Buffer[] = [];
  for (const piece of pieces) {
    buffers.push(bufferOf(piece, hash));
    await nextTurn();
  }
  const bytes = buffers.reduce((sum, { length }) => sum + length, 0);
  makeFolder(dirname(path));
  const descriptor = await openFile(temporary, "w", 0o600);
  try {
    const head = Buffer.from(recordHead(bytes, hash.digest("hex")));
    const wholeLength = head.length + bytes + 1;
    const whole = { path, descriptor, wholeLength, length: 0 };
    await write(whole, [head, ...buffers, Buffer.from("\n")]);
    await syncAll(descriptor);
    return whole;
  } catch (error) {
    await closeFile(descriptor);
    throw error;
  }
}

function bufferOf(text: string, hash: Hash): Buffer {
  const bytes = Buffer.from(text);
  hash.update(bytes);
  return bytes;
}

/** At its end. What a failed one leaves behind is written over by the next. */
async function write(to: OpenFile, buffers: readonly Buffer[]): Promise<void> {
  let at = to.length;
  for (const bytes of buffers) {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await writeTo(to.descriptor, bytes, done, bytes.length - done, at);
      done += bytesWritten;
      at += bytesWritten;
    }
  }
  to.length = at;
}

async function sync({ descriptor }: OpenFile): Promise<void> {
  await syncData(descriptor);
  if ((await statOf(descriptor)).nlink === 0) throw new Error("it was removed");
}

function tooMuch(): AppError {
  return new AppError("ROUTER_SNAPSHOT_WRITE", "snapshot cannot be written: too much waits for a disk that is full or hangs");
}

/** Without the path: what fails for every file alike is told once. */
function failed(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError("ROUTER_SNAPSHOT_WRITE", `snapshot cannot be written: ${messageOf(error)}; what is on disk stays in use`, {
    cause: error,
  });
}
