import type { AuthSettings } from "../index.ts";

/** What a router is told that is told nothing, and waits longer. */
export const SETTINGS: AuthSettings = {
  webhookTimeoutMs: 20_000,
  tokeninfo: undefined,
  introspectionTimeoutMs: 20_000,
  tokenCache: { size: 0, ttlMs: 30_000 },
  introspectionClient: { id: "", secret: "" },
  credentialsPaths: [],
  oidc: undefined,
  grant: undefined,
};
