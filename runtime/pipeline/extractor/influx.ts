/** One line of the Influx line protocol: `weather,location=us temperature=82 1465839830100400200`. @module */
import { finite } from "../expression_values.ts";
import { putOwn } from "../own_field.ts";

/** Takes a line apart; `undefined` when it is none. A timestamp beyond 2^53 is a bigint. */
export function parseInflux(line: string): unknown {
  const [head, rest] = cut(line, " ");
  if (rest === undefined) return undefined;
  const [fieldText, timeText] = cut(rest, " ");
  const [measurement, ...tagTexts] = splitAll(head, ",");
  const fieldParts = splitAll(fieldText, ",");
  if (measurement === "" || fieldText === "") return undefined;
  const tags: Record<string, string> = {};
  for (const tag of tagTexts) {
    const [name, value] = cut(tag, "=");
    if (name === "" || value === undefined || value === "") return undefined;
    putOwn(tags, unescape(name), unescape(value));
  }
  const fields: Record<string, unknown> = {};
  for (const field of fieldParts) {
    const [name, text] = cut(field, "=");
    const value = text === undefined ? undefined : fieldValue(text);
    if (name === "" || value === undefined) return undefined;
    putOwn(fields, unescape(name), value);
  }
  if (timeText !== undefined && !/^-?\d{1,19}$/.test(timeText)) return undefined;
  const timestamp = timeText === undefined ? undefined : exact(timeText);
  return { measurement: unescape(measurement!), tags, fields, ...(timestamp === undefined ? {} : { timestamp }) };
}

function exact(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

function fieldValue(text: string): unknown {
  if (/^"(?:[^"\\]|\\.)*"$/s.test(text)) return text.slice(1, -1).replace(/\\(["\\])/g, "$1");
  if (/^[+-]?\d{1,20}[iu]$/.test(text)) return exact(text.slice(0, -1));
  if (/^(?:t|T|true|True|TRUE)$/.test(text)) return true;
  if (/^(?:f|F|false|False|FALSE)$/.test(text)) return false;
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? finite(Number(text)) : undefined;
}

function unescape(text: string): string {
  return text.replace(/\\([,= \\])/g, "$1");
}

/** Index of a separator that is neither escaped nor inside quotes; -1 when there is none. */
function find(text: string, separator: string, from: number): number {
  let quoted = false;
  for (let at = from; at < text.length; at++) {
    const char = text[at]!;
    if (char === "\\") at++;
    else if (char === '"') quoted = !quoted;
    else if (char === separator && !quoted) return at;
  }
  return -1;
}

function cut(text: string, separator: string): [string, string | undefined] {
  const at = find(text, separator, 0);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function splitAll(text: string, separator: string): string[] {
  const parts: string[] = [];
  let from = 0;
  for (let at = find(text, separator, 0); at >= 0; at = find(text, separator, from)) {
    parts.push(text.slice(from, at));
    from = at + 1;
  }
  return [...parts, text.slice(from)];
}
