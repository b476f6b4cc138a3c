import { signal } from "@preact/signals";

/** The canvas knows no style sheet: the colours it needs, read from the same custom properties as everything else. */
export interface Palette {
  readonly ink: string;
  readonly sheet: string;
  readonly quiet: string;
  readonly line: string;
  readonly good: string;
  readonly alarm: string;
  readonly alarmTint: string;
  readonly warning: string;
  readonly warningTint: string;
}

function read(): Palette {
  const style = getComputedStyle(document.documentElement);
  const value = (name: string): string => style.getPropertyValue(name).trim();
  return {
    ink: value("--ink"),
    sheet: value("--sheet"),
    quiet: value("--quiet"),
    line: value("--line"),
    good: value("--accent"),
    alarm: value("--alarm"),
    alarmTint: value("--alarm-tint"),
    warning: value("--warning"),
    warningTint: value("--warning-tint"),
  };
}

export const palette = signal(read());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  palette.value = read();
});
