import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";

const root = new URL("../", import.meta.url).pathname;
const CODE = "[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+";
/** Environment variables of the AWS SDK and of kube-monkey, which begin as codes of src/aws and src/kube do. */
const NO_CODES: ReadonlySet<string> = new Set([
  "AWS_ACCESS_KEY_ID",
  "AWS_DEFAULT_REGION",
  "AWS_ENDPOINT_URL",
  "AWS_REGION",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "KUBE_MONKEY_ID",
]);

/** The pages by code; a code that stands on two pages, or twice on one, has two. */
function readPages(): Map<string, string[]> {
  const pagesOf = new Map<string, string[]>();
  for (const page of globSync("docs/reference/errors/*.md", { cwd: root, exclude: ["**/README.md"] })) {
    for (const [, code = ""] of readFileSync(`${root}${page}`, "utf8").matchAll(new RegExp(`^\\| (${CODE}) +\\|`, "gm"))) {
      pagesOf.set(code, [...(pagesOf.get(code) ?? []), page]);
    }
  }
  return pagesOf;
}

/** The places by code: whole string literals and keys of tables. Only those that begin like a known code, as names of environment variables look the same. */
function readSources(listed: Iterable<string>): Map<string, string> {
  const files = globSync("src/**/*.ts", { cwd: root, exclude: ["**/*.test.ts", "**/testing/**"] });
  const texts = files.map((file) => ({ file, text: readFileSync(`${root}${file}`, "utf8") }));
  const areas = new Set([...listed].map(areaOf));
  for (const { text } of texts) {
    for (const [, code = ""] of text.matchAll(new RegExp(`\\bnew AppError\\(\\s*"(${CODE})"`, "g"))) areas.add(areaOf(code));
  }
  const placeOf = new Map<string, string>();
  for (const { file, text } of texts) {
    for (const [, literal, key] of text.matchAll(new RegExp(`"(${CODE})"|^\\s+(${CODE}): [{["]`, "gm"))) {
      const code = literal ?? key ?? "";
      if (areas.has(areaOf(code)) && !NO_CODES.has(code)) placeOf.set(code, file);
    }
  }
  return placeOf;
}

function areaOf(code: string): string {
  return code.slice(0, code.indexOf("_"));
}

test("every error code has one line in docs/reference/errors, and no line is of a code that is gone", () => {
  const pagesOf = readPages();
  const placeOf = readSources(pagesOf.keys());
  const wrong = [
    ...[...placeOf].filter(([code]) => !pagesOf.has(code)).map(([code, file]) => `${code} (${file}) is on no page`),
    ...[...pagesOf].filter(([code]) => !placeOf.has(code)).map(([code, pages]) => `${code} (${pages.join(", ")}) is in no source`),
    ...[...pagesOf]
      .filter(([, pages]) => pages.length > 1)
      .map(([code, pages]) => `${code} is listed ${pages.length} times: ${pages.join(", ")}`),
  ];
  assert.deepEqual(wrong, []);
  assert.ok(placeOf.size > 150, `${placeOf.size} codes were found in the sources: the search is blind`);
});

test("the index of error codes names every page", () => {
  const index = readFileSync(`${root}docs/reference/errors/README.md`, "utf8");
  const pages = globSync("*.md", { cwd: `${root}docs/reference/errors` }).filter((page) => page !== "README.md");
  assert.deepEqual(
    pages.filter((page) => !index.includes(`](${page})`)),
    [],
  );
});
