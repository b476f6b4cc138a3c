import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { readSharedLimits } from "./shared-limit-flags.ts";

const HERE = fileURLToPath(import.meta.url);

test("servers of limits are read under their name and under Skipper's, with what belongs to them", () => {
  assert.equal(readSharedLimits({}), undefined);
  const servers = [{ host: "a", port: 1, isTls: false, database: 0 }];
  assert.deepEqual(readSharedLimits({ limitServers: "a:1" }), { servers });
  assert.deepEqual(readSharedLimits({ swarmRedisUrls: "a:1", limitTimeout: "7", limitPasswordFile: HERE }), {
    servers,
    passwordFile: HERE,
    times: { answerMs: 7 },
  });
});

test("flags of limits that contradict each other, or say what cannot be, are bad usage", () => {
  for (const [flags, message] of [
    [{ limitServers: "a:1", swarmRedisUrls: "a:1" }, /another name of --limit-servers/],
    [{ limitServers: "a:b" }, /--limit-servers: a server is written HOST:PORT/],
    [{ limitTimeout: "5" }, /are for --limit-servers HOST:PORT; give it too/],
    [{ limitServers: "a:1", limitTimeout: "0" }, /--limit-timeout "0": write a whole number from 1 to 10000/],
    [{ limitServers: "a:1", limitPasswordFile: "/none" }, /--limit-password-file \/none cannot be read/],
    [{ limitServers: "redis://me@a:1" }, /needs --limit-password-file/],
    [{ limitServers: "a:1", limitCa: HERE }, /is for servers written rediss:/],
    [{ limitServers: "rediss://a:1", limitCa: HERE }, /--limit-ca .* cannot be used/],
  ] as const)
    assert.throws(() => readSharedLimits(flags), message, JSON.stringify(flags));
});
