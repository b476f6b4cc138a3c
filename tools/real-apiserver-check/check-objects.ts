import { readFileSync } from "node:fs";
import { answers, createIngress, ingress, INGRESSES, routeGroup, serviceWithSlice } from "./applications.ts";
import { expect, stays, until } from "./report.ts";
import { Router } from "./router.ts";
import type { Scene } from "./scene.ts";

const root = new URL("../../", import.meta.url);
const CLASSES = "/apis/networking.k8s.io/v1/ingressclasses";

/** Every kind of object, good and bad, as users write them. What it leaves behind the other groups build on. */
export async function checkObjects({ plane, report, directory }: Scene): Promise<void> {
  const { check } = { check: report.check.bind(report) };
  const documents = readFileSync(new URL("src/lab/manifests/applications.yaml", root), "utf8").split(/^---$/m);
  const router = new Router("objects", 8000, directory, plane.routerKubeconfig);
  await router.start();

  await check("a cluster without the RouteGroup definition is fine: the kind is absent, all is live", async () => {
    const ms = await until(
      "live",
      15_000,
      async () => (await router.status()).source === "live" || JSON.stringify((await router.status()).sources),
    );
    const { sources } = await router.status();
    expect(sources["RouteGroup"]?.state === "absent", `RouteGroup is ${JSON.stringify(sources["RouteGroup"])}`);
    expect((await router.get("nobody.lab")).status === 404, "an unknown host is not answered 404");
    return `live after ${ms} ms`;
  });

  await check("the lab's Ingresses are served through Services without selector", async () => {
    plane.apply(documents.filter((text) => !text.includes("kind: RouteGroup")).join("\n---\n"));
    plane.apply(
      [
        serviceWithSlice("shop", "storefront", ["10.201.0.11"]),
        serviceWithSlice("shop", "cart", ["10.201.0.12"]),
        serviceWithSlice("shop", "search", ["10.201.0.13"]),
      ].join("\n---\n"),
    );
    return `${await until("all answer", 5_000, async () => {
      for (const [host, path, application] of [
        ["shop.lab", "/", "storefront"],
        ["shop.lab", "/cart/1", "cart"],
        ["cart.lab", "/", "cart"],
      ] as const) {
        const seen = await answers(router, host, application, path);
        if (seen !== true) return seen;
      }
      return true;
    })} ms after kubectl apply`;
  });

  await check("a port by number", async () => {
    await createIngress(plane, ingress("numbered", "numbered.lab", "cart", { port: { number: 80 } }));
    return `${await until("answers", 3_000, () => answers(router, "numbered.lab", "cart"))} ms`;
  });

  await check("a port that the Service does not have answers 503 for itself alone, and its owner is told", async () => {
    await createIngress(plane, ingress("noport", "noport.lab", "cart", { port: { number: 81 } }));
    await until("503", 3_000, async () => (await router.get("noport.lab")).status === 503 || `${(await router.get("noport.lab")).status}`);
    await until("/statusz says so", 3_000, async () => {
      const { problems } = await router.status();
      return problems.some(({ object }) => object === "Ingress shop/noport") || JSON.stringify(problems);
    });
    await until("Event", 15_000, () =>
      Promise.resolve(plane.kubectl("describe", "ingress", "-n", "shop", "noport").includes("NotServedAsWritten")),
    );
    return undefined;
  });

  if (report.wants("objects")) {
    await check("an IngressClass of another name is ours by its controller, another controller's is not", async () => {
      await plane.api("POST", CLASSES, {
        apiVersion: "networking.k8s.io/v1",
        kind: "IngressClass",
        metadata: { name: "edge" },
        spec: { controller: "holdfast.dev/router" },
      });
      await plane.api("POST", CLASSES, {
        apiVersion: "networking.k8s.io/v1",
        kind: "IngressClass",
        metadata: { name: "nginx" },
        spec: { controller: "k8s.io/ingress-nginx" },
      });
      await createIngress(plane, ingress("edge", "edge.lab", "cart", { className: "edge" }));
      await createIngress(plane, ingress("foreign", "foreign.lab", "cart", { className: "nginx" }));
      await createIngress(plane, ingress("unknownclass", "unknownclass.lab", "cart", { className: "nowhere" }));
      await until("ours", 3_000, () => answers(router, "edge.lab", "cart"));
      await stays(
        "not ours",
        500,
        async () => (await router.get("foreign.lab")).status === 404 && (await router.get("unknownclass.lab")).status === 404,
      );
      return undefined;
    });

    await check("an Ingress without a class is ours unless another controller's class is the default", async () => {
      await createIngress(plane, ingress("classless", "classless.lab", "cart", { className: "" }));
      await until("served", 3_000, () => answers(router, "classless.lab", "cart"));
      const mark = (value: string | null): object => ({
        metadata: { annotations: { "ingressclass.kubernetes.io/is-default-class": value } },
      });
      await plane.api("PATCH", `${CLASSES}/nginx`, mark("true"));
      await until("no longer served", 3_000, async () => (await router.get("classless.lab")).status === 404);
      await plane.api("PATCH", `${CLASSES}/nginx`, mark(null));
      await until("served again", 3_000, () => answers(router, "classless.lab", "cart"));
      return undefined;
    });

    await check("annotations add filters and predicates", async () => {
      await createIngress(
        plane,
        ingress("annotated", "annotated.lab", "cart", {
          annotations: {
            "zalando.org/skipper-filter": 'setResponseHeader("X-From", "filter") -> setRequestHeader("X-Added", "yes")',
            "zalando.org/skipper-predicate": 'Header("X-Canary", "on")',
          },
        }),
      );
      await until("served", 3_000, async () => (await router.get("annotated.lab", "/", { "x-canary": "on" })).status === 200);
      const answer = await router.get("annotated.lab", "/", { "x-canary": "on" });
      expect(answer.headers["x-from"] === "filter" && answer.headers["x-seen"] === "yes", JSON.stringify(answer.headers));
      expect((await router.get("annotated.lab")).status === 404, "without the header it is not 404");
      return undefined;
    });

    await check("an edit that cannot be used keeps the last good version, and kubectl describe says so", async () => {
      await createIngress(plane, ingress("edited", "edited.lab", "cart"));
      await until("served", 3_000, () => answers(router, "edited.lab", "cart"));
      await plane.api("PATCH", `${INGRESSES}/edited`, { metadata: { annotations: { "zalando.org/skipper-filter": 'noSuchFilter("x")' } } });
      await until("Event", 5_000, () =>
        Promise.resolve(plane.kubectl("describe", "ingress", "-n", "shop", "edited").includes("its last good version keeps serving")),
      );
      await stays("served", 500, () => answers(router, "edited.lab", "cart"));
      await plane.api("PATCH", `${INGRESSES}/edited`, {
        metadata: { annotations: { "zalando.org/skipper-filter": 'setResponseHeader("X-Mended", "1")' } },
      });
      await until("mended", 3_000, async () => (await router.get("edited.lab")).headers["x-mended"] === "1");
      // Served first, told up to a second later.
      await until("no problem any more", 3_000, async () => {
        const { problems } = await router.status();
        return !problems.some(({ object }) => object === "Ingress shop/edited") || JSON.stringify(problems);
      });
      return undefined;
    });

    await check("a new object that cannot be used is told to its owner and harms no other", async () => {
      await createIngress(plane, ingress("broken", "broken.lab", "cart", { annotations: { "zalando.org/skipper-predicate": "Header(" } }));
      await until("Event", 10_000, () =>
        Promise.resolve(plane.kubectl("describe", "ingress", "-n", "shop", "broken").includes("are answered 503")),
      );
      expect((await router.get("broken.lab")).status === 503, "its host is left to others");
      expect((await answers(router, "cart.lab", "cart")) === true, "another Ingress is not served");
      return plane
        .kubectl("get", "events", "-n", "shop", "--field-selector", "involvedObject.name=broken", "-o", "jsonpath={.items[0].message}")
        .slice(0, 120);
    });
  }

  await check("the definition installed while the router runs: its RouteGroups are served without a restart", async () => {
    plane.kubectl("apply", "-f", new URL("deploy/crds/routegroups.zalando.org.yaml", root).pathname);
    plane.kubectl("wait", "--for=condition=Established", "crd/routegroups.zalando.org");
    await until("accepted", 10_000, () =>
      Promise.resolve(plane.apply(documents.filter((text) => text.includes("kind: RouteGroup")).join("\n---\n")) !== ""),
    );
    const ms = await until("served", 45_000, () => answers(router, "search.lab", "search"));
    const teapot = await router.get("search.lab", "/teapot");
    expect(teapot.status === 418 && teapot.body === "short and stout", `${teapot.status} ${teapot.body}`);
    return `${ms} ms after the RouteGroup`;
  });

  if (report.wants("objects")) {
    await check("a RouteGroup that cannot be used is told to its owner, its last good version serves", async () => {
      plane.apply(JSON.stringify(routeGroup("group", "group.lab", "search")));
      await until("served", 3_000, () => answers(router, "group.lab", "search"));
      plane.apply(JSON.stringify(routeGroup("group", "group.lab", "search", ["noSuchFilter()"])));
      await until("Event", 5_000, () =>
        Promise.resolve(plane.kubectl("describe", "routegroup", "-n", "shop", "group").includes("its last good version keeps serving")),
      );
      await stays("served", 500, () => answers(router, "group.lab", "search"));
      plane.kubectl("delete", "routegroup", "-n", "shop", "group");
      return undefined;
    });
  }
  await router.stop();
}
