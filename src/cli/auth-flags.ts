import { resolve } from "node:path";
import type { Command } from "commander";

import type { AuthSettings } from "../auth/index.ts";
import { readUrl, seconds, wholeNumber } from "./flag-values.ts";
import { type GrantFlags, addGrantFlags, readGrantSettings } from "./grant-flags.ts";

/** What `holdfast router` is told for the filters that ask who somebody is. */
export interface AuthFlags extends GrantFlags {
  readonly webhookTimeout: string;
  readonly oauth2TokeninfoUrl?: string;
  readonly oauth2TokeninfoTimeout: string;
  readonly oauth2TokenintrospectTimeout: string;
  readonly oauth2TokenCacheSize: string;
  readonly oauth2TokenCacheTtl: string;
  readonly credentialsPaths?: string;
  readonly oidcSecretsFile?: string;
  readonly oidcSession: string;
}

export function addAuthFlags(command: Command): Command {
  return addGrantFlags(command)
    .option("--webhook-timeout <SECONDS>", "how long the service of a webhook filter may take to answer", "2")
    .option("--oauth2-tokeninfo-url <URL>", "whom oauthTokeninfo filters ask about a bearer token")
    .option("--oauth2-tokeninfo-timeout <SECONDS>", "how long it may take to answer", "2")
    .option("--oauth2-tokenintrospect-timeout <SECONDS>", "how long an issuer may take to answer oauthTokenintrospection filters", "2")
    .option("--oauth2-token-cache-size <COUNT>", "of how many tokens the answers are kept, 0: of none", "0")
    .option("--oauth2-token-cache-ttl <SECONDS>", "how long at most", "30")
    .option("--credentials-paths <PATH,…>", "files, and folders of files, with secrets that routes may name")
    .option("--oidc-secrets-file <FILE>", "passphrases of the cookies of oauthOidc filters, one a line, the first seals")
    .option("--oidc-session <SECONDS>", "how long a session of these filters lives at most", "3600");
}

/** Throws AppError `CLI_USAGE`. */
export function readAuthSettings(flags: AuthFlags): AuthSettings {
  const milliseconds = (text: string, option: string): number => seconds(text, option, 0.001) * 1000;
  const { OAUTH_CLIENT_ID: id = "", OAUTH_CLIENT_SECRET: secret = "" } = process.env;
  const tokeninfoTimeoutMs = milliseconds(flags.oauth2TokeninfoTimeout, "--oauth2-tokeninfo-timeout");
  const url = flags.oauth2TokeninfoUrl === undefined ? undefined : readUrl(flags.oauth2TokeninfoUrl, "--oauth2-tokeninfo-url");
  const tokeninfo = url === undefined ? undefined : { url, timeoutMs: tokeninfoTimeoutMs };
  return {
    webhookTimeoutMs: milliseconds(flags.webhookTimeout, "--webhook-timeout"),
    tokeninfo,
    introspectionTimeoutMs: milliseconds(flags.oauth2TokenintrospectTimeout, "--oauth2-tokenintrospect-timeout"),
    tokenCache: {
      size: wholeNumber(flags.oauth2TokenCacheSize, "--oauth2-token-cache-size", 0, 1_000_000),
      ttlMs: milliseconds(flags.oauth2TokenCacheTtl, "--oauth2-token-cache-ttl"),
    },
    introspectionClient: { id, secret },
    credentialsPaths: (flags.credentialsPaths ?? "").split(",").flatMap((path) => (path.trim() === "" ? [] : [resolve(path.trim())])),
    oidc: readOidc(flags),
    grant: readGrantSettings(flags, tokeninfo),
  };
}

function readOidc({ oidcSecretsFile: file, oidcSession }: AuthFlags): AuthSettings["oidc"] {
  const sessionMs = seconds(oidcSession, "--oidc-session", 1) * 1000;
  const { OIDC_CLIENT_ID: id = "", OIDC_CLIENT_SECRET: secret = "" } = process.env;
  return file === undefined ? undefined : { secretsFile: resolve(file), client: { id, secret }, sessionMs };
}
