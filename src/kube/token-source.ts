import { readFile } from "node:fs/promises";
import { AppError, type Clock, messageOf } from "../kernel/index.ts";
import type { Credentials } from "./cluster-config.ts";

const REREAD_MS = 60_000;

/** The bearer token to send, if any. */
export interface TokenSource {
  /** A file that cannot be read now leaves the last token in use; KUBE_TOKEN when there never was one. */
  token(): Promise<string | undefined>;
  /** The server refused the token: the next call reads the file again. True if that may give another token. */
  invalidate(): boolean;
}

export function createTokenSource(credentials: Credentials, clock: Clock): TokenSource {
  if (credentials.type === "token") return { token: () => Promise.resolve(credentials.token), invalidate: () => false };
  if (credentials.type !== "tokenFile") return { token: () => Promise.resolve(undefined), invalidate: () => false };
  const { path } = credentials;
  let known: string | undefined;
  let readAtMs = -Infinity;
  return {
    async token() {
      if (known !== undefined && clock.monoMs() - readAtMs < REREAD_MS) return known;
      try {
        const token = (await readFile(path, "utf8")).trim();
        // A token goes into a header line: anything but visible ASCII means that this is another file.
        if (!/^[\x21-\x7e]+$/.test(token)) throw new AppError("KUBE_TOKEN", `${path}: holds no bearer token`);
        known = token;
        readAtMs = clock.monoMs();
      } catch (thrown) {
        if (known === undefined) {
          throw thrown instanceof AppError
            ? thrown
            : new AppError("KUBE_TOKEN", `${path}: token file cannot be read: ${messageOf(thrown)}`, { retry: "safe", cause: thrown });
        }
      }
      return known;
    },
    invalidate() {
      readAtMs = -Infinity;
      return true;
    },
  };
}
