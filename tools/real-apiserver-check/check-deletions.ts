import { answers, createIngress, ingress, routeGroup } from "./applications.ts";
import { expect, stays, until } from "./report.ts";
import { Router } from "./router.ts";
import type { Scene } from "./scene.ts";

const MANY = 60;

/** What goes at once, what goes when it is proved, and what is held. */
export async function checkDeletions({ plane, report, directory }: Scene): Promise<void> {
  const check = report.check.bind(report);
  const live = async (router: Router): Promise<void> => {
    await router.start();
    await until("live", 15_000, async () => (await router.status()).source === "live");
  };
  const router = new Router("deletions", 8040, directory, plane.routerKubeconfig);
  await live(router);

  await check("kubectl delete of one Ingress takes effect at once", async () => {
    await createIngress(plane, ingress("single", "single.lab", "cart"));
    await until("served", 3_000, () => answers(router, "single.lab", "cart"));
    plane.kubectl("delete", "ingress", "-n", "shop", "single");
    return `404 ${await until("404", 3_000, async () => (await router.get("single.lab")).status === 404)} ms after kubectl ended`;
  });

  await check("the definition deleted with objects there: not one route is lost", async () => {
    for (const name of ["one", "two", "three"]) plane.apply(JSON.stringify(routeGroup(name, `${name}.lab`, "search")));
    for (const name of ["one", "two", "three"]) await until("served", 5_000, () => answers(router, `${name}.lab`, "search"));
    plane.kubectl("delete", "crd", "routegroups.zalando.org");
    await stays("served", 20_000, async () => {
      for (const host of ["search.lab", "one.lab", "two.lab", "three.lab"]) {
        const seen = await answers(router, host, "search");
        if (seen !== true) return seen;
      }
      return true;
    });
    const held = await router.held();
    return held.map(({ keys, reason }) => `${keys.length} held (${reason})`).join("; ");
  });

  await check("the definition and its objects come back: nothing is held any more", async () => {
    plane.kubectl("apply", "-f", new URL("../../deploy/crds/routegroups.zalando.org.yaml", import.meta.url).pathname);
    plane.kubectl("wait", "--for=condition=Established", "crd/routegroups.zalando.org");
    for (const name of ["search", "one", "two", "three"]) {
      await until("accepted", 10_000, () => Promise.resolve(plane.apply(JSON.stringify(routeGroup(name, `${name}.lab`, "search"))) !== ""));
    }
    return `${await until("none held", 60_000, async () => (await router.status()).held === 0 || JSON.stringify(await router.held()))} ms`;
  });

  await check("kubectl delete ingress --all is held beyond the budget, and goes when it is approved", async () => {
    for (let n = 0; n < MANY; n++) await createIngress(plane, ingress(`many-${n}`, `many-${n}.lab`, "cart"));
    await until("served", 5_000, () => answers(router, `many-${MANY - 1}.lab`, "cart"));
    const before = (await router.status()).sources["Ingress"]?.objects ?? 0;
    plane.kubectl("delete", "ingress", "-n", "shop", "--all");
    const leastHeld = before - Math.max(20, Math.ceil(before * 0.2));
    const isHeld = async (): Promise<boolean | string> =>
      (await router.status()).held >= leastHeld || `${(await router.status()).held} of ${leastHeld}`;
    await until("held", 5_000, isHeld);
    await stays("held", 5_000, isHeld);
    const heldCount = (await router.status()).held;
    for (const { id, kind } of await router.held()) {
      if (kind !== "Ingress") continue;
      const answer = await router.admin(
        "POST",
        `/held/${id}/approve`,
        JSON.stringify({ principal: "check", reason: "wanted", ttlSeconds: 60 }),
      );
      expect(answer.status === 200, `approve: ${answer.status} ${answer.body}`);
    }
    await until(
      "gone",
      3_000,
      async () => (await router.status()).sources["Ingress"]?.objects === 0 || JSON.stringify(await router.held()),
    );
    return `of ${before} Ingresses ${before - heldCount} went, ${heldCount} were held until approved`;
  });
  await router.stop();

  await check("the only Ingress goes when a complete answer agrees", async () => {
    await createIngress(plane, ingress("only", "only.lab", "cart"));
    const fresh = new Router("only", 8050, directory, plane.routerKubeconfig);
    await live(fresh);
    await until("served", 3_000, () => answers(fresh, "only.lab", "cart"));
    plane.kubectl("delete", "ingress", "-n", "shop", "only");
    const ms = await until("404", 15_000, async () => (await fresh.get("only.lab")).status === 404);
    await fresh.stop();
    return `404 ${ms} ms after kubectl ended`;
  });

  await createIngress(plane, ingress("cart", "cart.lab", "cart"));
  await createIngress(plane, ingress("storefront", "shop.lab", "storefront"));
}
