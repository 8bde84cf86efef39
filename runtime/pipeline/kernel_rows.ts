/** Rows of values, as the native kernel leaves them in memory, as records. @module */
import { functionOf } from "./shaped_code.ts";

/** What a step reads of one event. */
export type Row = Readonly<Record<string, unknown>>;

/** Gives the record of a row: always the same one, or a new one each time. `at` counts doubles. */
export type RowReader = (at: number) => Row;

/** The memory rows lie in. */
export interface RowMemory {
  /** All of it as numbers. */
  readonly floats: Float64Array;
  /** The same, as words. */
  readonly words: Uint32Array;
  /** Values by their number, see `plugins/json_kernel/columns.hpp`. */
  readonly known: readonly unknown[];
  /** Decodes a text that has no number; where it stands. */
  readonly loose: (at: number) => string;
}

/** Upper half of a value that has a number. */
const KNOWN = 0x7ff80001;

type Tree = Map<string, Tree | number>;

function treeOf(paths: readonly (readonly string[])[]): Tree {
  const tree: Tree = new Map();
  for (const [column, path] of paths.entries()) {
    let at = tree;
    for (const key of path.slice(0, -1)) {
      let next = at.get(key) as Tree | undefined;
      if (next === undefined) at.set(key, next = new Map());
      at = next;
    }
    at.set(path.at(-1)!, column);
  }
  return tree;
}

/** Makes {@linkcode RowReader}s for rows of these columns. */
export function rowReaderOf(paths: readonly (readonly string[])[], fresh: boolean): (memory: RowMemory) => RowReader {
  const tree = treeOf(paths);
  // The record is made of the first row, and integers are made such: V8 then keeps numbers in it as they are. -0 is none of
  // them: the kernel hands such events back.
  const make = functionOf(
    ["memory"],
    `const { floats, words, known, loose } = memory;
    let row;
    return (at) => {
      ${
      paths.map((_, column) =>
        `const n${column} = floats[at + ${column}];
      const i${column} = n${column} | 0;
      const v${column} = i${column} === n${column} ? i${column} : n${column} === n${column} ? n${column} : words[2 * at + ${
          2 * column + 1
        }] === ${KNOWN}
        ? known[words[2 * at + ${2 * column}]]
        : loose(words[2 * at + ${2 * column}]);`
      ).join("\n")
    }
      ${fresh ? "" : `if (row !== undefined) { ${assignments(tree, "row")} return row; }`}
      return ${fresh ? "" : "row = "}${literal(tree)};
    };`,
  ) as ((memory: RowMemory) => RowReader) | undefined;
  return (memory) => make === undefined ? slowReader(tree, memory) : make(memory);
}

function literal(tree: Tree): string {
  const fields = [...tree].map(([key, part]) =>
    `${JSON.stringify(key)}: ${typeof part === "number" ? `v${part}` : literal(part)}`
  );
  return `{ ${fields.join(", ")} }`;
}

function assignments(tree: Tree, to: string): string {
  return [...tree].map(([key, part]) => {
    const place = `${to}[${JSON.stringify(key)}]`;
    return typeof part === "number" ? `${place} = v${part};` : assignments(part, place);
  }).join("\n");
}

function slowReader(tree: Tree, { floats, words, known, loose }: RowMemory): RowReader {
  const value = (at: number): unknown => {
    const number = floats[at]!;
    if (number === number) return number;
    return words[2 * at + 1] === KNOWN ? known[words[2 * at]!] : loose(words[2 * at]!);
  };
  const read = (part: Tree, at: number): Row =>
    Object.fromEntries(
      [...part].map(([key, each]) => [key, typeof each === "number" ? value(at + each) : read(each, at)]),
    );
  return (at) => read(tree, at);
}
