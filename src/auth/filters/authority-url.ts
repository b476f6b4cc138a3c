import type { CallArguments } from "../../route/index.ts";

/** The argument as a URL over http or https, without user and password. Throws AppError `ROUTE_ARGUMENT`. */
export function authorityUrl(args: CallArguments, at: number): string {
  const url = URL.parse(args.text(at));
  const isHttp = url !== null && (url.protocol === "https:" || url.protocol === "http:") && url.host !== "";
  if (!isHttp || url.username !== "" || url.password !== "" || url.hash !== "")
    throw args.refusal("a URL as in https://accounts.example.org, without user, password and fragment");
  return args.text(at);
}

/** The argument as the URL of an issuer (OpenID Connect Discovery 1.0 section 2: no query). Throws as `authorityUrl`. */
export function issuerUrl(args: CallArguments, at: number): string {
  const issuer = authorityUrl(args, at);
  if (issuer.includes("?")) throw args.refusal("an issuer without a query");
  return issuer;
}
