/** Dissect: fields between fixed texts, `%{date} %{+date} [%{level->}] %{?unused} %{n:int}`. @module */
import { invalid } from "../invalid.ts";
import { putOwn } from "../own_field.ts";

interface Field {
  readonly name: string;
  readonly kind: "plain" | "append" | "skip";
  /** Repeated separators after it count as one. */
  readonly padded: boolean;
  readonly type: "int" | "float" | undefined;
  readonly after: string;
}

/** Compiles a dissect pattern; the whole text has to fit. @throws {CaissonError} `CAISSON_FLOW_INVALID` */
export function compileDissect(pattern: string, path: string): (text: string) => unknown {
  const { before, fields } = parse(pattern, path);
  return (text) => {
    if (!text.startsWith(before)) return undefined;
    const found: Record<string, unknown> = {};
    let at = before.length;
    for (const { name, kind, padded, type, after } of fields) {
      const end = after === "" ? text.length : text.indexOf(after, at);
      if (end < 0) return undefined;
      const value = text.slice(at, end);
      at = end + after.length;
      if (padded && after !== "") { while (text.startsWith(after, at)) at += after.length; }
      if (kind === "skip") continue;
      if (type !== undefined) {
        const number = Number(value);
        if (value === "" || !(type === "int" ? Number.isSafeInteger(number) : Number.isFinite(number))) {
          return undefined;
        }
        putOwn(found, name, number);
      } else putOwn(found, name, kind === "append" && Object.hasOwn(found, name) ? `${found[name]} ${value}` : value);
    }
    return at === text.length ? found : undefined;
  };
}

function parse(pattern: string, path: string): { readonly before: string; readonly fields: readonly Field[] } {
  const parts = [...pattern.matchAll(/%\{([^}]*)\}/g)];
  if (parts.length === 0) throw invalid(path, "no field", "%{name}");
  const fields = parts.map((part, index): Field => {
    const end = part.index + part[0].length;
    const after = pattern.slice(end, parts[index + 1]?.index ?? pattern.length);
    if (after === "" && index + 1 < parts.length) {
      throw invalid(path, "two fields without a text between them", "%{a} %{b}");
    }
    const match = /^([+?]?)([^:>]*?)(->)?(?::(int|float|string))?(->)?$/.exec(part[1]!);
    if (match === null) throw invalid(path, part[0], "%{name}, %{+name}, %{?name}, %{name->}, %{name:int}");
    const [, sign, name, padding, type, padding2] = match;
    return {
      name: name!,
      kind: sign === "?" || name === "" ? "skip" : sign === "+" ? "append" : "plain",
      padded: padding !== undefined || padding2 !== undefined,
      type: type === "int" || type === "float" ? type : undefined,
      after,
    };
  });
  return { before: pattern.slice(0, parts[0]!.index), fields };
}
