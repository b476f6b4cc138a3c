import type { TestApiServer } from "./start-api-server.ts";

/** One line of a watch. */
export interface WatchLine {
  readonly type: string;
  readonly object: {
    readonly metadata: { readonly name: string; readonly resourceVersion: string; readonly annotations?: Record<string, string> } & Record<
      string,
      unknown
    >;
  } & Record<string, unknown>;
}

/** Reads a watch line by line. `next` waits for the next event, undefined at the end; `close` goes away. */
export async function openWatch(
  server: Pick<TestApiServer, "url" | "adminToken">,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ next(): Promise<WatchLine | undefined>; close(): void }> {
  const abort = new AbortController();
  const response = await fetch(server.url + path, {
    headers: { authorization: `Bearer ${server.adminToken}`, ...headers },
    signal: abort.signal,
  });
  if (response.body === null) throw new Error(`no body for ${path}`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  return {
    async next() {
      for (;;) {
        const end = rest.indexOf("\n");
        if (end !== -1) {
          const line = rest.slice(0, end);
          rest = rest.slice(end + 1);
          return JSON.parse(line) as WatchLine;
        }
        const { value, done } = await reader.read();
        if (done) return undefined;
        rest += value;
      }
    },
    close: () => abort.abort(),
  };
}
