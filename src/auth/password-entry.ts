import { createHash, timingSafeEqual } from "node:crypto";
import { parentPort } from "node:worker_threads";
import { compareSync } from "bcryptjs";
import { apr1 } from "./apr1.ts";

// The thread of PasswordCheck.
parentPort?.on("message", ({ id, hash, password }: { readonly id: number; readonly hash: string; readonly password: string }) => {
  parentPort?.postMessage({ id, isRight: isRight(hash, password) });
});

function isRight(hash: string, password: string): boolean {
  if (hash.startsWith("$2")) return compareSync(password, hash);
  if (hash.startsWith("{SHA}")) return isSame(`{SHA}${createHash("sha1").update(password).digest("base64")}`, hash);
  const [, magic = "", salt = ""] = hash.split("$");
  return isSame(apr1(password, salt, `$${magic}$`), hash);
}

function isSame(left: string, right: string): boolean {
  const [one, other] = [Buffer.from(left), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
}
