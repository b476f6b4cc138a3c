import { equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { CACHE_BYTES, CACHE_VARIANTS, ResponseStore, type StoredResponse } from "./response-store.ts";

const response = (bytes: number, varies: StoredResponse["varies"] = []): StoredResponse => ({
  status: 200,
  headers: [],
  body: Buffer.alloc(bytes),
  varies,
  madeMs: 0,
  lifetimeMs: 1_000,
  staleWhileMs: 0,
  staleOnErrorMs: 0,
});

test("responses that do not fit are forgotten, those longest unused first; bodies that are coming count, up to half", () => {
  let evicted = 0;
  const store = new ResponseStore(() => evicted++);
  const bytes = CACHE_BYTES / 8;
  for (const key of ["a", "b", "c", "d", "e", "f", "g"]) store.put(key, response(bytes));
  equal(evicted, 0);
  ok(store.find("a", []) !== undefined);
  store.put("h", response(bytes));
  equal(evicted, 1);
  equal(store.find("b", []), undefined);
  ok(store.find("a", []) !== undefined);
  ok(store.reserve(CACHE_BYTES / 2));
  equal(store.reserve(1), false);
  ok(evicted >= 4);
  store.release(CACHE_BYTES / 2);
  ok(store.reserve(1));
});

test("what varies is kept apart, the newest first, and only so many", () => {
  const store = new ResponseStore(() => {});
  for (let at = 0; at < CACHE_VARIANTS + 4; at++) store.put("a", response(at, [["accept", String(at)]]));
  equal(store.find("a", ["Accept", "3"]), undefined);
  equal(store.find("a", ["Accept", "19"])?.body.length, 19);
  equal(store.find("a", []), undefined);
  store.put("a", response(99));
  equal(store.find("a", ["Accept", "19"])?.body.length, 99);
  store.drop("a");
  equal(store.find("a", []), undefined);
});
