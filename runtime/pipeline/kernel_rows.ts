/** Rows of values, as the native kernel leaves them in memory, as records. @module */
import type { Batch } from "../data/batch.ts";
import type { Event } from "../flow/delivery.ts";
import type { Settlement } from "../flow/settlement.ts";
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
export const KNOWN = 0x7ff80001;

/** The rows of one batch, for a step that takes many at once. Of no use once the batch is given back. */
export class Rows {
  /** All of the memory they lie in, as numbers. */
  readonly floats: Float64Array;
  /** The same, as words. */
  readonly words: Uint32Array;
  /** Values of a row. */
  readonly columns: number;
  /** Where the first one stands, in doubles. */
  start = 0;
  /** How often numbers of texts were given anew: what goes by them does not outlive it. */
  era = 0;
  /** The batch of the events they were read of. */
  batch: Batch | undefined;
  /** Settles the events. */
  settlement: Settlement | undefined;
  /** The number an event has in both, by its row, as long as the batch is not given back. */
  numberOf: (index: number) => number = (index) => index;
  /** The same for whoever asks later; made when it is wanted. */
  keptNumberOf: () => (index: number) => number = () => this.numberOf;
  /** An event that nobody keeps, to be moved to the number of the one at hand, for a step that passes events on. */
  cursor: Event | undefined;
  /** The row at hand, for whoever has to know which event failed. */
  at = 0;
  /** Events a step dropped on purpose. */
  dropped = 0;
  readonly #memory: RowMemory;
  readonly #read: RowReader;

  /** Rows of `columns` values each, which `read` makes a record of. */
  constructor(memory: RowMemory, columns: number, read: RowReader) {
    this.floats = memory.floats;
    this.words = memory.words;
    this.#memory = memory;
    this.columns = columns;
    this.#read = read;
  }

  /** The record of a row. */
  record(index: number): Row {
    return this.#read(this.start + this.columns * index);
  }

  /** One value; `at` counts doubles. */
  value(at: number): unknown {
    return valueAt(this.#memory, at);
  }
}

function valueAt({ floats, words, known, loose }: RowMemory, at: number): unknown {
  const number = floats[at]!;
  if (number === number) return number;
  return words[2 * at + 1] === KNOWN ? known[words[2 * at]!] : loose(words[2 * at]!);
}

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

function slowReader(tree: Tree, memory: RowMemory): RowReader {
  const read = (part: Tree, at: number): Row =>
    Object.fromEntries(
      [...part].map(([key, each]) => [key, typeof each === "number" ? valueAt(memory, at + each) : read(each, at)]),
    );
  return (at) => read(tree, at);
}
