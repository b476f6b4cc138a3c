import { type FilterContext, type FilterSpec, defineFilter } from "../../route/index.ts";
import { credentials } from "../credentials.ts";
import { authorized, challenge, unauthorized } from "../decision.ts";
import { decidingFilter } from "../filter-kit.ts";
import { type PasswordFile, readPasswords } from "../passwords.ts";
import type { AuthRuntime } from "../runtime.ts";
import type { WatchedFile } from "../watched-file.ts";

const NAME = "basicAuth";
const REALM = "Basic Realm";

/** User and password of `Authorization: Basic …` (RFC 7617); undefined when there are none. */
function given({ requestHeaders }: FilterContext): { readonly user: string; readonly password: string } | undefined {
  const [, encoded] = /^basic +([A-Za-z0-9+/]+=*)$/i.exec(credentials(requestHeaders) ?? "") ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

function judge(
  context: FilterContext,
  runtime: AuthRuntime,
  file: WatchedFile<PasswordFile> | undefined,
  wanted: string,
): void | Promise<void> {
  const passwords = file?.content;
  if (passwords === undefined) return Promise.reject(new Error("the file of passwords can not be used"));
  const who = given(context);
  if (who === undefined) return unauthorized(context, "wrong-password", wanted);
  const { user, password } = who;
  const hash = passwords.hashes.get(user);
  const end = (isRight: boolean): void => {
    if (isRight && hash !== undefined) authorized(context, user);
    else unauthorized(context, "wrong-password", wanted, user);
  };
  const against = hash ?? passwords.decoy;
  const checked = against === undefined ? false : runtime.passwords.check(against, password);
  if (typeof checked === "boolean") return end(checked);
  const { signal } = context;
  return checked.then((isRight) => (signal.aborted ? undefined : end(isRight)));
}

/** The filter that asks for user and password. */
export function basicFilter(runtime: AuthRuntime | undefined): FilterSpec {
  return defineFilter({
    name: NAME,
    family: "Who somebody is",
    does: "lets through who knows the password of a user in an htpasswd file; 401 for others. `setContextRequestHeader` finds the user under `auth-user`.",
    parameters: [
      {
        name: "file",
        type: "text",
        what: "as `htpasswd` of Apache writes it: bcrypt (`-B`), MD5 (`-m`), SHA-1 (`-s`); looked at every 2 s",
      },
      { name: "realm", type: "text", what: `what the browser shows; ${JSON.stringify(REALM)} when left out`, occurs: "optional" },
    ],
    deviations: [
      "A file of which any line is wrong is told of and the one before it stays in use; without one 503.",
      "Passwords are checked in a thread of their own, where 64 may wait, others get 503; what was found out about one counts for five minutes, unless its hash changes.",
      "A request with several Authorization lines has no password: nobody knows which one the back end reads.",
    ],
    create(args) {
      const path = args.text(0);
      const wanted = challenge("Basic", args.optionalText(1) ?? REALM);
      if (path === "" || path.includes("\0")) throw args.refusal("the path of a file");
      const file = runtime?.file("passwords", path, readPasswords);
      return decidingFilter(NAME, runtime, (context, live) => judge(context, live, file, wanted));
    },
  });
}
