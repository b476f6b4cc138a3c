import { isRecord } from "../../../kernel/index.ts";

/** Whether an entry stays. */
type Keep = () => boolean;

/**
 * A list with fewer entries than there are, and nothing that says so: of Kubernetes (also a Table of kubectl's), of AWS in JSON, in EC2's XML and in that
 * of the Query protocol. What is no list stays as it is.
 */
export function editList(body: string, contentType: string, keep: Keep): string {
  if (/[/+]json\b|amz-json/.test(contentType)) return editJson(body, keep);
  return /xml/.test(contentType) ? editXml(body, keep) : body;
}

function editJson(body: string, keep: Keep): string {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return body;
  }
  if (!isRecord(value)) return body;
  const isKube = typeof value["kind"] === "string" && typeof value["apiVersion"] === "string";
  if (!isKube) {
    const { NextToken: _token, ...rest } = value;
    return JSON.stringify(
      Object.fromEntries(Object.entries(rest).map(([name, field]) => [name, Array.isArray(field) ? field.filter(keep) : field])),
    );
  }
  const name = value["kind"] === "Table" ? "rows" : "items";
  const items = value[name];
  if (!Array.isArray(items)) return body;
  const metadata = isRecord(value["metadata"]) ? value["metadata"] : {};
  const { continue: _continue, remainingItemCount: _remaining, ...whole } = metadata;
  return JSON.stringify({ ...value, metadata: whole, [name]: items.filter(keep) });
}

const NEXT_PAGE = /<(NextToken|NextMarker|Marker|nextToken)>[^<]*<\/\1>/g;

/** The outermost lists: entries are `member` or `item`, and may hold lists of their own. */
function editXml(body: string, keep: Keep): string {
  const tag = /<(\/?)(member|item)(\s[^>]*)?(\/?)>/g;
  let edited = "";
  let depth = 0;
  let from = 0;
  let isKept = true;
  for (const match of body.matchAll(tag)) {
    const [text, closing, , , selfClosing] = match;
    if (selfClosing === "/") continue;
    if (closing === "") {
      if (depth === 0) {
        edited += body.slice(from, match.index);
        from = match.index;
        isKept = keep();
      }
      depth += 1;
    } else {
      depth -= 1;
      if (depth > 0) continue;
      const end = match.index + text.length;
      if (isKept) edited += body.slice(from, end);
      from = end;
    }
  }
  return (edited + body.slice(from)).replaceAll(NEXT_PAGE, "");
}
