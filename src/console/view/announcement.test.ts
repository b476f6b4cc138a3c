import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../kernel/testing/manual-clock.ts";
import { createScriptedLab } from "../testing/scripted-lab.ts";
import { announce, NOTHING_TOLD } from "./announcement.ts";

test("over the whole outage a screen reader hears the beginning, the end and the verdict, each once", async () => {
  const clock = new ManualClock();
  const lab = createScriptedLab(clock, { isPlayed: true, speed: 1, fromSeconds: 0 });
  let told = NOTHING_TOLD;
  const heard: string[] = [];
  for (let step = 0; step < 480; step += 1) {
    await clock.advance(250);
    const news = announce(told, lab.snapshot());
    told = news.told;
    heard.push(...news.sentences);
  }
  assert.match(heard[0] ?? "", /^as in 2017: requests are failing\.$/);
  assert.match(heard[1] ?? "", /^as in 2017: answers are right again, [\d,]+ requests failed in all\.$/);
  assert.match(heard.at(-1) ?? "", /^Verdict: held\. 2017 failed .* Holdfast failed none\.$/);
  assert.equal(heard.filter((sentence) => sentence.startsWith("Verdict")).length, 1);
  assert.ok(heard.every((sentence) => !sentence.startsWith("Holdfast:")));
});
