import { AppError } from "../kernel/index.ts";

/** What an issuer says of itself (OpenID Connect Discovery 1.0 section 3, RFC 8414 section 2), as far as it is used here. */
export interface IssuerMetadata {
  /** As it stands in its tokens. */
  readonly issuer: string;
  readonly jwks_uri?: string;
  readonly introspection_endpoint?: string;
  readonly authorization_endpoint?: string;
  readonly token_endpoint?: string;
  readonly userinfo_endpoint?: string;
  readonly token_endpoint_auth_methods_supported?: readonly string[];
  readonly authorization_response_iss_parameter_supported?: boolean;
}

const URLS = ["jwks_uri", "introspection_endpoint", "authorization_endpoint", "token_endpoint", "userinfo_endpoint"] as const;
const LONGEST_LIST = 100;

/** Where an issuer's metadata is. */
export function discoveryUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
}

/**
 * What of a document is used. Throws AppError AUTH_MALFORMED for one of another issuer, or one that sends what was to go over TLS
 * somewhere without it: it is then not the issuer who speaks.
 */
export function readMetadata(document: Readonly<Record<string, unknown>>, issuer: string): IssuerMetadata {
  const said = document["issuer"];
  if (typeof said !== "string" || said.replace(/\/$/, "") !== issuer.replace(/\/$/, ""))
    throw malformed(issuer, `its metadata is of issuer ${JSON.stringify(said)?.slice(0, 200)}`);
  const isSecure = new URL(issuer).protocol === "https:";
  const metadata: { -readonly [Name in keyof IssuerMetadata]: IssuerMetadata[Name] } = { issuer: said };
  for (const name of URLS) {
    const value = document[name];
    if (value === undefined || value === null) continue;
    const url = typeof value === "string" ? URL.parse(value) : null;
    if (
      typeof value !== "string" ||
      url === null ||
      !(url.protocol === "https:" || (url.protocol === "http:" && !isSecure)) ||
      url.username !== ""
    )
      throw malformed(issuer, `${name} is no URL that can be used`);
    metadata[name] = value;
  }
  const methods = document["token_endpoint_auth_methods_supported"];
  if (Array.isArray(methods) && methods.every((method) => typeof method === "string"))
    metadata.token_endpoint_auth_methods_supported = methods.slice(0, LONGEST_LIST);
  if (document["authorization_response_iss_parameter_supported"] === true) metadata.authorization_response_iss_parameter_supported = true;
  return metadata;
}

function malformed(issuer: string, what: string): AppError {
  return new AppError("AUTH_MALFORMED", `${issuer}: ${what}`, { retry: "idempotent" });
}
