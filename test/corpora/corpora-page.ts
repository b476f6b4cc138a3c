import { join } from "node:path";
import type { ExpectedVerdict, ExpectedVerdicts } from "./verdicts.ts";

export const CORPORA_PAGE = join(import.meta.dirname, "../../docs/reference/corpora.md");

const KINDS: readonly (readonly [prefix: string, title: string])[] = [
  ["desync ", "http-desync-guardian, requests"],
  ["llhttp request ", "llhttp, requests"],
  ["llhttp response ", "llhttp, answers"],
];

/** The page that says how many cases are judged as the corpora judge them, and why the others are not. */
export function corporaPage({ reasons, cases }: ExpectedVerdicts): string {
  const all = Object.entries(cases);
  const counts = KINDS.map(([prefix, title]) => {
    const some = all.filter(([key]) => key.startsWith(prefix));
    const different = some.filter(([, { agrees }]) => !agrees);
    return `| ${title} | ${some.length} | ${some.length - different.length} | ${different.length} |`;
  });
  const sections = Object.entries(reasons).map(([key, { rfc, why }]) => {
    const some = all.filter(([, { reason }]) => reason === key);
    const rows = some.map(([name, verdict]) => `| ${cell(name)} | ${cell(verdict.theirs)} | ${cell(ours(name, verdict))} |`);
    return `## ${key}\n\n${rfc}: ${why}.\n\n| case | theirs | ours |\n| --- | --- | --- |\n${rows.join("\n")}\n`;
  });
  return `# Corpora of hostile HTTP

\`npm run corpus\` puts every case of two published corpora through a real proxy, in front of a back end that reads with llhttp, and prints their
verdict and ours. For each case \`test/corpora/verdicts.json\` has what the client gets and the bytes that reach the back end; \`npm test\` fails on any
other, and on a difference without a reason. This page is written by \`npm run corpus -- --write\`.

| corpus | cases | judged the same | differently |
| --- | --- | --- | --- |
${counts.join("\n")}

The same means: of http-desync-guardian's tiers Compliant and Acceptable are forwarded, Ambiguous and Severe refused; of llhttp's cases the reader
behind the proxy finds the messages that llhttp found, and no others. Each difference has one of these reasons.

${sections.join("\n")}`;
}

function ours(name: string, { client }: ExpectedVerdict): string {
  if (!name.startsWith("llhttp response ")) return client;
  return client.replaceAll(/\r\n[^]*?(?=\d{3} (?:PROXY|WIRE)_|$)/g, " ").trim();
}

function cell(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("|", "\\|").replaceAll("<", "\\<");
}
