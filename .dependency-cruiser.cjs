// Which folder may import which. TypeScript 7 has no compiler API that dependency-cruiser can use, so swc parses; the canary in
// scripts/check-layers.ts proves that files are seen at all.
const layers = [
  ["kernel"],
  ["call", "telemetry", "x509"],
  ["wire", "route", "balance", "hold", "kube", "aws", "admin", "shared-limits", "tracing"],
  ["mirror"],
  ["proxy", "ingress"],
  ["auth", "plugin", "alb"],
  ["router", "experiment", "rollout"],
  ["lab"],
  ["console"],
  ["cli"],
];
const upward = layers.flatMap((areas, level) =>
  areas.map((area) => {
    const allowed = [...layers.slice(0, level).flat(), area];
    // The base of layer 1: an API call is logged and counted; a log calls nobody.
    if (area === "call") allowed.push("telemetry");
    return {
      name: `layer-${area}`,
      comment: "imports point down only (ARCHITECTURE.md)",
      severity: "error",
      from: { path: `^src/${area}/` },
      to: { path: "^src/", pathNot: allowed.map((name) => `^src/${name}/`) },
    };
  }),
);
module.exports = {
  forbidden: [
    ...upward,
    {
      name: "folder-is-a-module",
      comment: "import another area by its index.ts (test kits by testing/, from tests only)",
      severity: "error",
      from: { path: "^src/([^/]+)/", pathNot: "\\.test\\.ts$|/testing/" },
      to: {
        path: "^src/([^/]+)/",
        pathNot: ["^src/$1/", "^src/[^/]+/index\\.ts$", "^src/lab/[^/]+/index\\.ts$", "^src/console/(contract|server/index)\\.ts$"],
      },
    },
    {
      name: "ui-sees-the-contract-only",
      severity: "error",
      from: { path: "^src/console/ui/" },
      to: { path: "^src/", pathNot: ["^src/console/(ui|view)/", "^src/console/contract\\.ts$"] },
    },
    {
      name: "test-kits-in-tests-only",
      severity: "error",
      from: { path: "^src/", pathNot: "\\.test\\.ts$|/testing/" },
      to: { path: "/testing/" },
    },
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
  ],
  options: {
    parser: "swc",
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    // Its swc parser knows no JSX; src/console/ui/imports.test.ts checks what those files import.
    exclude: { path: "node_modules|dist|\\.tsx$" },
    enhancedResolveOptions: { extensions: [".ts", ".tsx", ".mjs"] },
  },
};
