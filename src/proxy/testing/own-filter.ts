import assert from "node:assert/strict";
import { type Filter, compileTable, extendRegistry, parseEskip, standardRegistry } from "../../route/index.ts";
import type { ProxyUnderTest } from "./proxy-under-test.ts";

/** Gives the proxy these routes, in whose text BACKEND stands for the server and `own`, `other` for filters of the test. */
export function serve(under: ProxyUnderTest, text: string, own: Filter = {}, other: Filter = {}): void {
  const filters = [
    { name: "own", create: () => own },
    { name: "other", create: () => other },
  ];
  const { table, problems } = compileTable(
    parseEskip(text.replaceAll("BACKEND", `"http://127.0.0.1:${under.server.port}"`), "test"),
    extendRegistry(standardRegistry, { filters }),
  );
  assert.deepEqual(problems, []);
  under.proxy.update(table, new Map(), "live");
}

/** The values of all field lines of this name in a head. */
export function fieldsOf(text: string, name: string): readonly string[] {
  const head = text.slice(0, text.indexOf("\r\n\r\n") + 2);
  return [...head.matchAll(/\r\n([^\r\n:]+): ([^\r\n]*)/g)].filter((line) => line[1]?.toLowerCase() === name).map((line) => line[2] ?? "");
}
