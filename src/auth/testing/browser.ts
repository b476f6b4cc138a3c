import type { Answer, AuthProxy } from "./auth-proxy.ts";

/** A browser's cookies, which it sends to whatever host. */
export class Browser {
  readonly cookies = new Map<string, string>();
  readonly #proxy: AuthProxy;

  constructor(proxy: AuthProxy) {
    this.#proxy = proxy;
  }

  async get(path: string, host = "shop.example.org", method = "GET"): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await this.#proxy.ask(path, { Host: host, ...(cookie === "" ? {} : { Cookie: cookie }) }, method);
    for (const line of answer.headers["set-cookie"] ?? []) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (line.includes("Max-Age=0")) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return answer;
  }
}
