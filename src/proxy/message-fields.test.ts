import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { HeaderList } from "../route/index.ts";
import { MessageFields } from "./message-fields.ts";

/** Lines by name: where those of different names stand is not said. */
function byName(list: HeaderList): ReadonlyMap<string, readonly string[]> {
  const lines = new Map<string, string[]>();
  for (let at = 0; at < list.length; at += 2) {
    const name = String(list[at]).toLowerCase();
    lines.set(name, [...(lines.get(name) ?? []), String(list[at + 1])]);
  }
  return lines;
}

const name = fc.constantFrom("X-A", "x-a", "X-B", "Server", "Content-Type", "Host", "Content-Length");
const line = fc.tuple(name, fc.constantFrom("1", "2", "3"));
const step = fc.record({ what: fc.constantFrom("set", "add", "drop"), name, value: fc.constantFrom("4", "5") } as const);

function run(fields: MessageFields, steps: readonly { what: "set" | "add" | "drop"; name: string; value: string }[]): void {
  for (const { what, name: field, value } of steps) {
    if (what === "drop") fields.drop(field);
    else fields[what](field, value);
  }
}

/** The message as it is sent when nobody asked for the list: from its own lines, without what was dropped, and with what was added behind. */
function sent(fields: MessageFields, own: HeaderList): HeaderList {
  if (fields.listed !== undefined) return fields.listed;
  const kept = own.filter((_, at) => !fields.dropped.includes(String(own[at - (at % 2)]).toLowerCase()));
  const added = fields.addedText.split("\r\n").filter((text) => text !== "");
  return [...kept, ...added.flatMap((text) => [text.slice(0, text.indexOf(":")), text.slice(text.indexOf(":") + 2)])];
}

test("a message comes out the same whether its lines were looked at first, last or never", () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), fc.array(step, { maxLength: 6 }), (lines, steps) => {
      const own = lines.flat();
      const [first, last, never] = [0, 1, 2].map(() => new MessageFields(() => [...own])) as [MessageFields, MessageFields, MessageFields];
      void first.list;
      for (const fields of [first, last, never]) run(fields, steps);
      deepEqual(byName(last.list), byName(first.list));
      deepEqual(byName(sent(never, own)), byName(first.list));
    }),
  );
});

test("one object serves message after message", () => {
  let own = ["X-A", "1"];
  const fields = new MessageFields(() => [...own]);
  equal(fields.isUntouched, true);
  fields.set("X-A", "2");
  fields.add("X-B", "3");
  equal(fields.isUntouched, false);
  fields.clear();
  equal(fields.isUntouched, true);
  own = ["X-C", "1"];
  deepEqual(fields.list, own);
  fields.clear();
  equal(fields.listed, undefined);
});
