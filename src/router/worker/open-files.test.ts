import { equal } from "node:assert/strict";
import { test } from "node:test";

import { connectionsThatFit } from "./open-files.ts";

const limits = (soft: string): string =>
  `Limit                     Soft Limit           Hard Limit           Units     \nMax processes             10                   10                   processes \nMax open files            ${soft.padEnd(21)}524288               files     \n`;

test("half of the files that a process may open are for client connections, or all but some thousands", () => {
  equal(connectionsThatFit(limits("1024")), 480);
  equal(connectionsThatFit(limits("20000")), 15_840);
  equal(connectionsThatFit(limits("20")), 16);
});

test("where the system says nothing, or that there is no limit, there is none of ours", () => {
  equal(connectionsThatFit(limits("unlimited")), Infinity);
  equal(connectionsThatFit(""), Infinity);
  equal(Number.isInteger(connectionsThatFit()), true, "this is Linux");
});
