import assert from "node:assert/strict";
import { test } from "node:test";
import { substitute, substituteArguments } from "./substitute.ts";

const VALUES = {
  configuration: { v: "V", n: 5, list: [1, "a"], object: { k: null, t: true } },
  secrets: { one: { key: "S", v: "hidden" } },
};

test("names become values: alone with their type, in a text as Python writes them, unknown ones stay", () => {
  assert.deepEqual(substitute({ a: ["$v-${v}", "${n}", "n=${n}", "${list} ${object}"], b: "$$v ${nobody} $nobody" }, VALUES), {
    a: ["V-V", 5, "n=5", "[1, 'a'] {'k': None, 't': True}"],
    b: "$v ${nobody} $nobody",
  });
});

test("the configuration comes before the secrets, and what is no name is left alone", () => {
  assert.deepEqual(substitute(["${key}", "${v}", "$1 ${1} $", "${}"], VALUES), ["S", "V", "$1 ${1} $", "${}"]);
});

test("arguments are left alone where there are no values at all", () => {
  assert.equal(substituteArguments("kill -9 $$", { configuration: {}, secrets: {} }), "kill -9 $$");
  assert.equal(substituteArguments("kill -9 $$", VALUES), "kill -9 $");
});
