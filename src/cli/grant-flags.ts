import { resolve } from "node:path";
import type { Command } from "commander";

import type { AuthSettings } from "../auth/index.ts";
import { badUsage, readUrl, wholeNumber } from "./flag-values.ts";

type GrantSettings = NonNullable<AuthSettings["grant"]>;

/** What `holdfast router` is told for the filter `oauthGrant`. */
export interface GrantFlags {
  readonly enableOauth2GrantFlow?: true;
  readonly oauth2AuthUrl?: string;
  readonly oauth2TokenUrl?: string;
  readonly oauth2RevokeTokenUrl?: string;
  readonly oauth2SecretFile?: string;
  readonly oauth2ClientId?: string;
  readonly oauth2ClientIdFile?: string;
  readonly oauth2ClientSecret?: string;
  readonly oauth2ClientSecretFile?: string;
  readonly oauth2AuthUrlParameters?: string;
  readonly oauth2CallbackPath: string;
  readonly oauth2AccessTokenHeaderName?: string;
  readonly oauth2GrantTokeninfoKeys?: string;
  readonly oauth2TokeninfoSubjectKey: string;
  readonly oauth2TokenCookieName: string;
  readonly oauth2TokenCookieRemoveSubdomains: string;
  readonly oauth2GrantInsecure?: true;
}

export function addGrantFlags(command: Command): Command {
  return command
    .option("--enable-oauth2-grant-flow", "oauthGrant filters may be used, and a route for their callback is there")
    .option("--oauth2-auth-url <URL>", "where oauthGrant sends browsers to log in")
    .option("--oauth2-token-url <URL>", "where it gets tokens for what they bring back")
    .option("--oauth2-revoke-token-url <URL>", "where grantLogout has tokens revoked")
    .option("--oauth2-secret-file <FILE>", "passphrases of the cookies of oauthGrant filters, one a line, the first seals")
    .option("--oauth2-client-id <ID>", "who this router is to the server of oauthGrant")
    .option("--oauth2-client-id-file <FILE>", "file that says so")
    .option("--oauth2-client-secret <SECRET>", "its secret there, for all to see who see the processes of the machine")
    .option("--oauth2-client-secret-file <FILE>", "file that has it")
    .option("--oauth2-auth-url-parameters <NAME=VALUE,…>", "more for the endpoints of that server")
    .option("--oauth2-callback-path <PATH>", "where the server sends browsers back to", "/.well-known/oauth2-callback")
    .option("--oauth2-access-token-header-name <NAME>", "field in which back ends get the access token")
    .option("--oauth2-grant-tokeninfo-keys <KEY,…>", "what of tokeninfo filters behind oauthGrant see; left out: all")
    .option("--oauth2-tokeninfo-subject-key <KEY>", "where tokeninfo has who somebody is", "uid")
    .option("--oauth2-token-cookie-name <NAME>", "name of the cookie with the tokens", "oauth2-grant")
    .option("--oauth2-token-cookie-remove-subdomains <COUNT>", "how many labels of the host the cookie's domain has less", "1")
    .option("--oauth2-grant-insecure", "callbacks over plain HTTP");
}

/** Undefined where it is not enabled. Throws AppError `CLI_USAGE`. */
export function readGrantSettings(flags: GrantFlags, tokeninfo: AuthSettings["tokeninfo"]): GrantSettings | undefined {
  if (flags.enableOauth2GrantFlow === undefined) return undefined;
  const url = (text: string | undefined, option: string): string => readUrl(needed(text, `${option} URL`), option);
  if (tokeninfo === undefined) throw missing("--oauth2-tokeninfo-url URL");
  const { redirect_uri: callbackUrl, ...parameters } = readParameters(flags.oauth2AuthUrlParameters ?? "");
  const { OAUTH2_CLIENT_ID, OAUTH2_CLIENT_SECRET } = process.env;
  const { oauth2RevokeTokenUrl: revoke } = flags;
  return {
    authorizationUrl: url(flags.oauth2AuthUrl, "--oauth2-auth-url"),
    tokenUrl: url(flags.oauth2TokenUrl, "--oauth2-token-url"),
    revocationUrl: revoke === undefined ? undefined : readUrl(revoke, "--oauth2-revoke-token-url"),
    tokeninfo,
    client: {
      id: textOrFile(flags.oauth2ClientId ?? OAUTH2_CLIENT_ID, flags.oauth2ClientIdFile, "--oauth2-client-id-file FILE"),
      secret: textOrFile(
        flags.oauth2ClientSecret ?? OAUTH2_CLIENT_SECRET,
        flags.oauth2ClientSecretFile,
        "--oauth2-client-secret-file FILE",
      ),
    },
    secretsFile: resolve(needed(flags.oauth2SecretFile, "--oauth2-secret-file FILE")),
    callbackPath: readMatching(
      flags.oauth2CallbackPath,
      "--oauth2-callback-path",
      /^\/[\w.~/-]+$/,
      "a path of letters, digits, . ~ _ and -",
    ),
    callbackUrl: callbackUrl === undefined ? undefined : readUrl(callbackUrl, "--oauth2-auth-url-parameters redirect_uri"),
    parameters,
    accessTokenField:
      flags.oauth2AccessTokenHeaderName === undefined
        ? undefined
        : readMatching(flags.oauth2AccessTokenHeaderName, "--oauth2-access-token-header-name", FIELD, "the name of a field"),
    tokeninfoKeys: words(flags.oauth2GrantTokeninfoKeys),
    subjectKey: flags.oauth2TokeninfoSubjectKey,
    cookie: readMatching(
      flags.oauth2TokenCookieName,
      "--oauth2-token-cookie-name",
      COOKIE,
      "a name of at most 64 letters, digits and dashes",
    ),
    removedSubdomains: wholeNumber(flags.oauth2TokenCookieRemoveSubdomains, "--oauth2-token-cookie-remove-subdomains", 0, 10),
    isInsecure: flags.oauth2GrantInsecure === true,
  };
}

const COOKIE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/;
const FIELD = /^(?!host$)[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/i;
/** Of the login itself. */
const RESERVED = new Set(["response_type", "client_id", "client_secret", "state", "code", "code_challenge", "code_challenge_method"]);

function readParameters(text: string): Readonly<Record<string, string>> {
  const parameters: Record<string, string> = {};
  for (const pair of words(text)) {
    const equals = pair.indexOf("=");
    const name = pair.slice(0, equals);
    if (equals < 1 || RESERVED.has(name))
      throw badUsage(`--oauth2-auth-url-parameters ${JSON.stringify(pair)}: write name=value, of other names than the login's own`);
    parameters[name] = pair.slice(equals + 1);
  }
  return parameters;
}

function textOrFile(text: string | undefined, file: string | undefined, option: string): GrantSettings["client"]["id"] {
  if (text !== undefined && text !== "") return { text };
  return { file: resolve(needed(file, option)) };
}

function readMatching(text: string, option: string, pattern: RegExp, what: string): string {
  if (!pattern.test(text)) throw badUsage(`${option} ${JSON.stringify(text)}: write ${what}`);
  return text;
}

function words(text = ""): readonly string[] {
  return text.split(",").flatMap((word) => (word.trim() === "" ? [] : [word.trim()]));
}

function needed(text: string | undefined, option: string): string {
  if (text === undefined || text === "") throw missing(option);
  return text;
}

function missing(option: string): Error {
  return badUsage(`--enable-oauth2-grant-flow needs ${option}`);
}
