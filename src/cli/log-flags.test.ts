import assert from "node:assert/strict";
import { test } from "node:test";
import { readLogs } from "./log-flags.ts";

test("what is logged of requests is what the flags say", () => {
  assert.deepEqual(readLogs({ accessLog: "off", maxAuditBody: "0" }), { auditBodyBytes: 0 });
  assert.deepEqual(readLogs({ accessLog: "apache", maxAuditBody: "1024" }), {
    access: { format: "apache", isByDefault: true },
    auditBodyBytes: 1_024,
  });
  assert.deepEqual(readLogs({ accessLog: "json", accessLogDisabled: true, maxAuditBody: "1024" }).access, {
    format: "json",
    isByDefault: false,
  });
});

test("flags about logs that say what cannot be are bad usage", () => {
  assert.throws(() => readLogs({ accessLog: "off", accessLogDisabled: true, maxAuditBody: "1" }), /--access-log-disabled needs the form/);
  assert.throws(() => readLogs({ accessLog: "json", maxAuditBody: "-1" }), /--max-audit-body "-1": write a whole number from 0 to 65536/);
});
