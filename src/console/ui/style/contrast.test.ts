import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

/** Relative luminance and contrast ratio as WCAG 2.2 defines them. */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

const css = readFileSync(join(import.meta.dirname, "tokens.css"), "utf8");
const [lightText = "", darkText = ""] = css.split("@media");
const tokensOf = (text: string): ReadonlyMap<string, string> =>
  new Map([...text.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map((match) => [match[1] ?? "", match[2] ?? ""]));

const TEXT_ON: Readonly<Record<string, readonly string[]>> = {
  ink: ["paper", "sheet", "raised", "accent-tint", "alarm-tint", "warning-tint"],
  quiet: ["paper", "sheet", "raised", "warning-tint"],
  accent: ["paper", "sheet", "raised", "accent-tint", "warning-tint"],
  alarm: ["paper", "sheet", "raised", "alarm-tint"],
  warning: ["paper", "sheet", "raised", "warning-tint"],
  // The words of the lost connection stand on the alarm colour itself.
  sheet: ["alarm"],
};

for (const [scheme, tokens] of [
  ["light", tokensOf(lightText)],
  ["dark", tokensOf(darkText)],
] as const) {
  test(`every text colour has 4.5:1 on what it stands on, ${scheme}`, () => {
    for (const [text, grounds] of Object.entries(TEXT_ON)) {
      for (const ground of grounds) {
        const ratio = contrast(tokens.get(text) ?? "", tokens.get(ground) ?? "");
        assert.ok(ratio >= 4.5, `--${text} on --${ground}: ${ratio.toFixed(2)}`);
      }
    }
  });

  test(`lines that carry meaning have 3:1 on the sheet, ${scheme}`, () => {
    for (const line of ["accent", "alarm", "warning", "quiet"]) {
      assert.ok(contrast(tokens.get(line) ?? "", tokens.get("sheet") ?? "") >= 3, line);
    }
  });
}
