import assert from "node:assert/strict";
import { test } from "node:test";
import { readApiUsage } from "./api-usage-flags.ts";

test("use of APIs is counted only where that is asked for", () => {
  assert.equal(readApiUsage({}), undefined);
  assert.deepEqual(readApiUsage({ enableApiUsageMonitoring: true }), { realmKeys: [], clientKeys: [], realmsPattern: "services" });
  assert.deepEqual(
    readApiUsage({
      enableApiUsageMonitoring: true,
      apiUsageMonitoringRealmKeys: "realm, https://id/realm",
      apiUsageMonitoringClientKeys: "azp",
      apiUsageMonitoringRealmsTrackingPattern: "services|users",
    }),
    { realmKeys: ["realm", "https://id/realm"], clientKeys: ["azp"], realmsPattern: "services|users" },
  );
});

test("flags about the use of APIs that say what cannot be are bad usage", () => {
  assert.throws(() => readApiUsage({ apiUsageMonitoringClientKeys: "azp" }), /--enable-api-usage-monitoring; give it too/);
  assert.throws(
    () => readApiUsage({ enableApiUsageMonitoring: true, apiUsageMonitoringRealmsTrackingPattern: "(" }),
    /--api-usage-monitoring-realms-tracking-pattern: /,
  );
});
