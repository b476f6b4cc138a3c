import { createHash, createHmac } from "node:crypto";

/** What signs a request of a test: written for itself, so that it does not agree with the code that checks by sharing it. */
export interface TestKey {
  readonly id: string;
  readonly secret: string;
  readonly sessionToken?: string;
}

export interface Unsigned {
  readonly host: string;
  readonly region: string;
  readonly service: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
const mac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

/** The headers of a POST to `/`, signed with Signature Version 4 at a moment. */
export function signedHeaders({ host, region, service, body, headers }: Unsigned, key: TestKey, nowMs: number): Record<string, string> {
  const time = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d{3}/g, "");
  const all: Record<string, string> = {
    ...headers,
    host,
    "x-amz-date": time,
    ...(key.sessionToken === undefined ? {} : { "x-amz-security-token": key.sessionToken }),
  };
  const names = Object.keys(all).sort();
  const canonical = `POST\n/\n\n${names.map((name) => `${name}:${all[name] ?? ""}\n`).join("")}\n${names.join(";")}\n${hash(body)}`;
  const day = time.slice(0, 8);
  const scope = `${day}/${region}/${service}/aws4_request`;
  const signing = mac(mac(mac(mac(`AWS4${key.secret}`, day), region), service), "aws4_request");
  const signature = mac(signing, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash(canonical)}`).toString("hex");
  return {
    ...all,
    authorization: `AWS4-HMAC-SHA256 Credential=${key.id}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`,
  };
}
