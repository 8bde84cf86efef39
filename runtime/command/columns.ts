/** Text in columns. @module */
import { escapeControls } from "./escape_controls.ts";

/** One cell; numbers stand on the right. */
export type Cell = string | number;

function shown(cell: Cell): string {
  return typeof cell === "number" ? formatNumber(cell) : escapeControls(cell).replaceAll(/[\n\t]/g, " ");
}

/** Whole numbers in groups of three, the same in every locale; fractions with three digits after the point. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return "-";
  const [whole = "", fraction] = (Number.isInteger(value) ? String(value) : value.toFixed(3)).split(".");
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** Lays rows out under a header; columns are two spaces apart, no space stands at the end of a line. */
export function formatColumns(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const texts = [header, ...rows.map((row) => row.map(shown))];
  const widths = header.map((_, column) => Math.max(...texts.map((row) => (row[column] ?? "").length)));
  const right = header.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === "number"));
  return texts.map((row) =>
    row.map((text, column) => right[column] ? text.padStart(widths[column]!) : text.padEnd(widths[column]!))
      .join("  ").trimEnd()
  ).join("\n");
}
