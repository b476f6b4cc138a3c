import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { freePort } from "../../kernel/testing/free-port.ts";
import { FAULT_KINDS } from "./faults/parse-fault.ts";
import { controlClient, startPart, testFolder } from "./testing/lab-part.ts";
import { clientOf } from "./testing/test-account.ts";

const page = readFileSync(new URL("../../../docs/reference/lab-aws.md", import.meta.url), "utf8");

interface PageConfig {
  readonly listen: object;
  readonly control: { readonly token: string };
  readonly keys: readonly [{ readonly id: string; readonly secret: string }];
}

interface PageRule {
  readonly id: string;
  readonly fault: { readonly kind: string };
}

test(
  "what the page of the lab's AWS says to type is understood: its configuration, and a fault of each kind",
  { timeout: 60_000 },
  async (t) => {
    const config = JSON.parse(/^cat > aws\.json <<'END'\n(.*?)\nEND$/ms.exec(page)?.[1] ?? "") as PageConfig;
    const [listen, port] = await Promise.all([freePort(), freePort()]);
    const { control: said, keys } = config;
    await startPart(t, testFolder(t), "aws", { ...config, listen: { ...config.listen, port: listen }, control: { ...said, port } });
    const [key] = keys;
    const call = clientOf(`127.0.0.1:${listen}`, Date.now);
    const control = controlClient(port, said.token);
    const rules = [...page.matchAll(/^fault '(.*)'$/gm)].map(([, rule = ""]) => JSON.parse(rule) as PageRule);
    assert.deepEqual(new Set(rules.map(({ fault }) => fault.kind)), new Set(FAULT_KINDS));
    const section = page.slice(page.indexOf("## Faults"), page.indexOf("## Control API"));
    const listed = [...section.matchAll(/^\| `([a-z-]+)`/gm)].map(([, kind]) => kind);
    assert.deepEqual(new Set(listed), new Set(FAULT_KINDS));
    for (const rule of rules) {
      assert.deepEqual(await control("POST", "/faults", rule), { status: 200, body: {} }, rule.id);
      const { faults } = (await control("GET", "/faults")).body as { readonly faults: readonly { readonly id: string }[] };
      assert.deepEqual(
        faults.map(({ id }) => id),
        [rule.id],
      );
      await control("DELETE", "/faults");
    }
    const [first] = rules;
    await control("POST", "/faults", first);
    const asked = async (): Promise<string | undefined> =>
      (await call("elasticloadbalancing", "DescribeTargetGroups", {}, { key: { id: key.id, secret: key.secret } })).code;
    assert.deepEqual([await asked(), await asked()], ["Throttling", undefined]);
  },
);
