import type { CallArguments } from "../../route/index.ts";

/** The argument as a URL over http or https, without user and password. Throws AppError `ROUTE_ARGUMENT`. */
export function authorityUrl(args: CallArguments, at: number): string {
  const url = URL.parse(args.text(at));
  const isHttp = url !== null && (url.protocol === "https:" || url.protocol === "http:") && url.host !== "";
  if (!isHttp || url.username !== "" || url.password !== "" || url.hash !== "")
    throw args.refusal("a URL as in https://accounts.example.org, without user, password and fragment");
  return url.href;
}
