import assert from "node:assert/strict";
import { test } from "node:test";
import { readBackends } from "./backend-flags.ts";

test("what requests may choose, and where to forward, are read under our names and Skipper's", () => {
  assert.deepEqual(readBackends({}), { backendTls: { isVerified: true } });
  assert.deepEqual(readBackends({ dynamicBackends: "public, 10.0.0.0/8,::1", forwardBackend: "http://next:9999" }), {
    backendTls: { isVerified: true },
    dynamicBackends: ["public", "10.0.0.0/8", "::1"],
    forwardBackend: "http://next:9999",
  });
  assert.equal(readBackends({ forwardBackendUrl: "https://next" }).forwardBackend, "https://next");
  assert.equal(readBackends({ via: "edge-1:443" }).via, "edge-1:443");
});

test("flags about back ends that say what cannot be are bad usage", () => {
  for (const [flags, message] of [
    [{ dynamicBackends: "internet" }, /--dynamic-backends "internet": write addresses, CIDR blocks or public, private, none/],
    [{ dynamicBackends: "10.0.0.0/33" }, /--dynamic-backends/],
    [{ forwardBackend: "next:9999" }, /--forward-backend: .*write "http:\/\/HOST:PORT"/],
    [{ forwardBackend: "http://a", forwardBackendUrl: "http://b" }, /another name of --forward-backend/],
    [{ via: "a router" }, /--via "a router": write a name of letters/],
    [{ backendCa: "/none", backendInsecure: true }, /exclude each other/],
  ] as const)
    assert.throws(() => readBackends(flags), message, JSON.stringify(flags));
});
