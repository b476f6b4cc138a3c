import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

const root = new URL("../", import.meta.url).pathname;

/** Markdown without its code, in which brackets are no links. */
function proseOf(page: string): string {
  return readFileSync(join(root, page), "utf8")
    .replaceAll(/^```.*?^```/gms, "")
    .replaceAll(/`[^`\n]*`/g, "`code`");
}

/** The anchors of a page as GitHub makes them from its headings. */
function anchorsOf(page: string): readonly string[] {
  const headings = readFileSync(join(root, page), "utf8").matchAll(/^#{1,6} +(.*)$/gm);
  return [...headings].map(([, heading = ""]) =>
    heading
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\- _]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test("every link between the pages leads to a file, and to a heading of it", () => {
  const pages = globSync(["*.md", "{docs,deploy,test,tools,bench,scenarios}/**/*.md"], { cwd: root });
  const broken: string[] = [];
  let links = 0;
  for (const page of pages) {
    for (const [, target = ""] of proseOf(page).matchAll(/\]\(([^()\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      links += 1;
      const [path = "", anchor] = target.split("#", 2);
      const file = path === "" ? page : join(dirname(page), path);
      const isThere = existsSync(join(root, file)) && (anchor === undefined || anchorsOf(file).includes(anchor));
      if (!isThere) broken.push(`${page}: ${target}`);
    }
  }
  assert.deepEqual(broken, []);
  assert.ok(links > 30, `only ${links} links were found`);
});

test("every command and option that --help shows is in docs/reference/cli.md", () => {
  const reference = readFileSync(join(root, "docs/reference/cli.md"), "utf8");
  const missing: string[] = [];
  let options = 0;
  const visit = (path: readonly string[]): void => {
    const { stdout } = spawnSync(join(root, "bin/holdfast"), [...path, "--help"], { encoding: "utf8", timeout: 20_000 });
    const name = ["holdfast", ...path].join(" ");
    const section = path.length === 0 ? reference : (sectionOf(reference, name) ?? "");
    if (section === "") missing.push(name);
    for (const [, option = ""] of stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)) {
      if (option === "--help" || option === "--version") continue;
      options += 1;
      if (!section.includes(`\`${option}`)) missing.push(`${name} ${option}`);
    }
    const commands = /^Commands:\n(.*)/ms.exec(stdout)?.[1] ?? "";
    for (const [, command = ""] of commands.matchAll(/^ {2}([a-z][a-z0-9-]*)/gm)) if (command !== "help") visit([...path, command]);
  };
  visit([]);
  assert.deepEqual(missing, []);
  assert.ok(options > 30, `only ${options} options were found`);
});

/** What stands under the heading of `name`, up to the next heading of any level. */
function sectionOf(reference: string, name: string): string | undefined {
  return new RegExp(`^#+ ${name}\\n(.*?)(?=^#|(?![^]))`, "ms").exec(reference)?.[1];
}

test("every option that the page on moving says to use is one of holdfast alb", () => {
  const section = sectionOf(readFileSync(join(root, "docs/reference/cli.md"), "utf8"), "holdfast alb") ?? "";
  const page = readFileSync(join(root, "docs/how-to/move-from-kube-ingress-aws-controller.md"), "utf8");
  const rows = page.split("\n").filter((line) => line.startsWith("| `--"));
  const named = rows.flatMap((row) => [...(row.split("|")[2] ?? "").matchAll(/`(--[a-z0-9-]+)/g)].map(([, option = ""]) => option));
  assert.deepEqual(
    named.filter((option) => !section.includes(`\`${option}`)),
    [],
  );
  assert.ok(rows.length > 40 && named.length > 30, `only ${rows.length} flags and ${named.length} options were found`);
});
