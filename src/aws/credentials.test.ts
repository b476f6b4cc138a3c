import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError } from "../kernel/index.ts";
import { ManualClock } from "../kernel/testing/manual-clock.ts";
import { silentLog } from "../telemetry/index.ts";
import { Credentials } from "./credentials.ts";

type Found = Awaited<ReturnType<Credentials["provider"]>>;

const HOUR_MS = 3_600_000;

/** Credentials whose source answers each search with the next of what it is given, or never. */
function rig() {
  const clock = new ManualClock();
  const searches: { readonly found: (identity: Found) => void; readonly failed: (error: Error) => void }[] = [];
  const credentials = new Credentials(() => new Promise((found, failed) => searches.push({ found, failed })), { clock, log: silentLog });
  const identity = (id: string, lifeMs = HOUR_MS): Found => ({
    accessKeyId: id,
    secretAccessKey: "secret",
    expiration: new Date(clock.wallMs() + lifeMs),
  });
  const ask = (): Promise<string> =>
    credentials.provider().then(
      ({ accessKeyId }) => accessKeyId,
      (error: unknown) => (error instanceof AppError ? error.code : "?"),
    );
  return { clock, searches, credentials, identity, ask };
}

test("those who ask together wait for one search, and later ones get what it found until it nears its end", async () => {
  const { clock, searches, identity, ask } = rig();
  const together = [ask(), ask()];
  searches[0]?.found(identity("first"));
  assert.deepEqual(await Promise.all(together), ["first", "first"]);
  await clock.advance(HOUR_MS - 6 * 60_000);
  assert.equal(await ask(), "first");
  assert.equal(searches.length, 1);
  await clock.advance(2 * 60_000);
  const renewed = ask();
  searches[1]?.found(identity("second"));
  assert.equal(await renewed, "second");
});

test("while no others are found the old ones are used to their end, and the source is not pestered", async () => {
  const { clock, searches, identity, ask } = rig();
  const first = ask();
  searches[0]?.found(identity("first"));
  await first;
  await clock.advance(HOUR_MS - 4 * 60_000);
  const kept = ask();
  searches[1]?.failed(new Error("no route to host"));
  assert.equal(await kept, "first");
  assert.equal(await ask(), "first");
  assert.equal(searches.length, 2);
  await clock.advance(5 * 60_000);
  const gone = ask();
  searches[2]?.failed(new Error("no route to host"));
  assert.equal(await gone, "AWS_CREDENTIALS");
});

test("refused ones are not used again", async () => {
  const { searches, credentials, identity, ask } = rig();
  const first = ask();
  searches[0]?.found(identity("first"));
  await first;
  credentials.refuse();
  const second = ask();
  searches[1]?.found(identity("second"));
  assert.equal(await second, "second");
  assert.equal(await ask(), "second");
});

test("a source that does not answer is given up, and asked again", async () => {
  const { clock, searches, identity, ask } = rig();
  const hung = ask();
  await clock.advance(60_000);
  assert.equal(await hung, "AWS_CREDENTIALS");
  const next = ask();
  searches[1]?.found(identity("late"));
  assert.equal(await next, "late");
});
