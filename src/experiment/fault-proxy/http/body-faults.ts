import { type Clock, type Random, isRecord, sleep } from "../../../kernel/index.ts";

/** Bytes as they come from the upstream. */
type Body = AsyncIterable<Buffer>;

/** At most so many bytes in each second, a tenth of it at a time. */
export async function* slowly(body: Body, bytesPerSecond: number, clock: Clock, signal: AbortSignal): Body {
  const sliceBytes = Math.max(1, Math.floor(bytesPerSecond / 10));
  for await (const piece of body) {
    for (let from = 0; from < piece.length && !signal.aborted; from += sliceBytes) {
      const slice = piece.subarray(from, from + sliceBytes);
      await sleep(clock, (slice.length / bytesPerSecond) * 1000, signal);
      yield slice;
    }
  }
}

/** One byte of each `every` is another one. */
export async function* corrupted(body: Body, every: number, random: Random): Body {
  let victim = Math.floor(random.next() * every);
  let window = 0;
  let passed = 0;
  for await (const piece of body) {
    const bytes = Buffer.from(piece);
    while (window + victim < passed + bytes.length) {
      const at = window + victim - passed;
      bytes[at] = (bytes[at] ?? 0) ^ (1 + Math.floor(random.next() * 255));
      window += every;
      victim = Math.floor(random.next() * every);
    }
    passed += bytes.length;
    yield bytes;
  }
}

/** The first bytes; `cut` is called in place of the next. */
export async function* cutAfter(body: Body, bytes: number, cut: () => void): Body {
  let left = bytes;
  if (left > 0)
    for await (const piece of body) {
      yield piece.subarray(0, left);
      left -= piece.length;
      if (left <= 0) break;
    }
  cut();
}

/** A watch of Kubernetes, in JSON one event a line: events that are drawn are left out, bookmarks stay, so that the client believes to have seen all. */
export async function* withoutEvents(body: Body, share: number, random: Random): Body {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const piece of body) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (typeOf(line) === "BOOKMARK" || random.next() >= share) yield Buffer.from(`${line}\n`);
  }
}

function typeOf(line: string): unknown {
  try {
    const event: unknown = JSON.parse(line);
    return isRecord(event) ? event["type"] : undefined;
  } catch {
    return undefined;
  }
}
