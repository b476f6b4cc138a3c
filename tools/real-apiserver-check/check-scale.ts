import { setTimeout as pause } from "node:timers/promises";
import { answers, createIngress, ingress } from "./applications.ts";
import { expect, until } from "./report.ts";
import { Router } from "./router.ts";
import type { Scene } from "./scene.ts";

const MANY = 1_000;
const AT_ONCE = 8;

/** Many objects at once, and none for a long time. */
export async function checkScale({ plane, report, directory, isLong }: Scene): Promise<void> {
  const check = report.check.bind(report);
  const router = new Router("scale", 8070, directory, plane.routerKubeconfig);
  await router.start();
  await until("live", 15_000, async () => (await router.status()).source === "live");

  await check(`${MANY} Ingresses created as fast as the server takes them`, async () => {
    const before = (await router.status()).generation;
    const startMs = Date.now();
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < MANY) {
        const n = next++;
        await createIngress(plane, ingress(`scale-${n}`, `scale-${n}.lab`, "cart"));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    const createdMs = Date.now() - startMs;
    const ms = await until("the last is served", 20_000, () => answers(router, `scale-${MANY - 1}.lab`, "cart"));
    for (let n = 0; n < MANY; n += 50) expect((await answers(router, `scale-${n}.lab`, "cart")) === true, `scale-${n}.lab is not served`);
    return `created in ${createdMs} ms, all served ${ms} ms after, ${(await router.status()).generation - before} generations`;
  });

  for (const staleAfter of ["30", "180"]) {
    const idle = new Router(`idle-${staleAfter}`, 8080, directory, plane.routerKubeconfig, ["--stale-after", staleAfter]);
    await router.stop();
    await idle.start();
    await until("live", 15_000, async () => (await idle.status()).source === "live");
    await check(`an idle cluster, --stale-after ${staleAfter}: few requests, and live all the time`, async () => {
      await pause(5_000);
      const before = plane.audit().length;
      const seconds = isLong ? 300 : 60;
      const { generation } = await idle.status();
      let notLive = 0;
      for (let second = 0; second < seconds; second++) {
        await pause(1_000);
        if ((await idle.status()).source !== "live") notLive++;
      }
      const lines = plane
        .audit()
        .slice(before)
        .filter(({ stage }) => stage !== "ResponseStarted");
      expect(notLive === 0, `not live in ${notLive} of ${seconds} s`);
      const byVerb = Map.groupBy(lines, ({ verb, responseStatus }) => `${verb} ${responseStatus?.code ?? ""}`);
      const text = [...byVerb].map(([name, all]) => `${all.length} ${name}`).join(", ");
      expect((await idle.status()).generation === generation, "a generation was made although nothing changed");
      return `${((lines.length * 60) / seconds).toFixed(1)} requests a minute (${text || "none"})`;
    });
    await idle.stop();
  }
}
