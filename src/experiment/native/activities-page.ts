import { playedFunctions } from "../alias/aliases.ts";
import { REQUIRED } from "../alias/parameters.ts";
import { nativeActivities } from "./activities.ts";
import type { ArgumentRule } from "./argument-rules.ts";
import type { NativeActivity } from "./native-activity.ts";

/** docs/reference/activities.md. */
export function activitiesPage(): string {
  const areas = Map.groupBy(
    nativeActivities.toSorted((one, other) => one.name.localeCompare(other.name, "en")),
    ({ name }) => name.split("/", 1)[0] ?? "",
  );
  const parts = [...areas].map(([area, activities]) => [`## ${area}`, ...activities.map(activityPart)].join("\n\n"));
  return `# Activities

What an experiment can do without a program of its own: \`"provider": {"type": "holdfast", "activity": "pods/kill", "arguments": {…}}\`. This page is made from the code
(\`bin/node scripts/activities-reference.ts\`); \`holdfast experiment validate\` checks arguments by the same rules. What an action breaks is put back at the end of the run, or
after \`seconds\` where it has that argument; [how](../explanation/faults.md).

${parts.join("\n\n")}

## Functions of Python packages that are played without Python

Files for Chaos Toolkit name Python functions. These are played here, whether or not Python and the package are there; arguments with their defaults. \`configuration\` and
\`secrets\` are those of the file. [What differs](experiments.md#functions-of-python-packages).

${functionsPart()}
`;
}

function activityPart({ name, does, summary, arguments: rules }: NativeActivity): string {
  const rows = Object.entries(rules).map(([argument, rule]) => `| \`${argument}\` | ${kindOf(rule)} | ${cell(rule.summary)} |`);
  const table = rows.length === 0 ? [] : [["| argument | kind | meaning |", "| --- | --- | --- |", ...rows].join("\n")];
  return [`### ${name}`, `${does === "probe" ? "Probe" : "Action"}: ${summary}.`, ...table].join("\n\n");
}

function kindOf({ type, required, choices, default: fallback, least, most }: ArgumentRule): string {
  const bounds = [least === undefined ? "" : `from ${least}`, most === undefined ? "" : `to ${most}`]
    .filter((text) => text !== "")
    .join(" ");
  return [
    choices === undefined ? type : choices.map((choice) => `\`${JSON.stringify(choice)}\``).join(", "),
    ...(bounds === "" ? [] : [bounds]),
    ...(required === true ? ["required"] : []),
    ...(fallback === undefined ? [] : [`default \`${JSON.stringify(fallback)}\``]),
  ].join("; ");
}

function functionsPart(): string {
  const modules = Map.groupBy(playedFunctions, ({ module }) => module);
  const rows = [...modules]
    .toSorted(([one], [other]) => one.localeCompare(other, "en"))
    .flatMap(([module, functions]) =>
      functions.map(({ func, parameters }) => {
        const given = Object.entries(parameters).map(([name, fallback]) =>
          fallback === REQUIRED ? name : `${name}=${JSON.stringify(fallback)}`,
        );
        return `| \`${module}\` | \`${func}(${given.join(", ")})\` |`;
      }),
    );
  return ["| module | function |", "| --- | --- |", ...rows].join("\n");
}

/** A star begins no emphasis, a bar no cell. */
function cell(text: string): string {
  return text.replaceAll(/[|*_]/g, String.raw`\$&`);
}
