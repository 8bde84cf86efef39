/** Takes the kernel's rows into tumbling windows of so many events, without a record and an event for each. @module */
import type { Accumulator } from "../aggregate/accumulator.ts";
import type { GroupKeys } from "../group_by.ts";
import { KNOWN, type Rows } from "../kernel_rows.ts";
import type { Emit } from "../operator.ts";
import { Event } from "../../flow/delivery.ts";
import { json } from "../../codec/json.ts";
import { functionOf } from "../shaped_code.ts";
import type { TumblingGroup, TumblingWindows } from "./tumbling_windows.ts";

/** What {@linkcode tumblingRows} needs to know of a `select`. */
export interface TumblingRowsOptions {
  /** Its windows; of a plain size. */
  readonly windows: TumblingWindows;
  /** Groups of a row's record. */
  readonly keysOf: GroupKeys;
  /** The column that tells groups apart; `undefined` for one group. */
  readonly keyColumn: number | undefined;
  /** The column of each aggregate; `undefined` counts rows. */
  readonly columns: readonly (number | undefined)[];
}

/** What is known of a group while rows are taken in; its pane learns it at the end of them. */
interface Cell {
  readonly group: TumblingGroup;
  /** What rows of it are marked with. */
  readonly mark: number;
  /** The call it was last seen in. */
  call: number;
  accumulators: readonly Accumulator[];
  /** Rows until the window ends. */
  left: number;
  /** How many that were when the first row came. */
  leftBefore: number;
  /** Where it stands among those of this call. */
  place: number;
  /** Rows of this call. */
  first: number;
  last: number;
}

/** The loop over rows; `at` says where it stopped. */
type Loop = (taker: RowTaker, rows: Rows, from: number, to: number, emit: Emit) => void;

/** Most cells that are found by the number of a text. */
const MOST_CELLS = 16_384;

/** Remembers groups by the number of their text, and what the rows at hand add to them. */
class RowTaker {
  /** Cells by the number of a value. */
  readonly cells: (Cell | undefined)[] = [];
  /** Number of the call. */
  call = 0;
  /** The cell each row of this call went to, by its mark. */
  marks = new Uint32Array(0);
  readonly #options: TumblingRowsOptions;
  readonly #size: number;
  readonly #byGroup = new WeakMap<TumblingGroup, Cell>();
  #touched: Cell[] = [];
  /** 0 is of rows whose group was turned away. */
  #made = 1;
  #era = -1;
  #from = 0;
  #numberOf: (index: number) => number = (index) => index;

  constructor(options: TumblingRowsOptions) {
    this.#options = options;
    this.#size = options.windows.plainSize!;
  }

  begin(rows: Rows, from: number, to: number): void {
    this.call++;
    this.#from = from;
    this.#numberOf = rows.keptNumberOf();
    // Whoever fails a window later asks which of its rows they were.
    this.marks = new Uint32Array(to - from);
    if (this.#era === rows.era) return;
    this.#era = rows.era;
    this.cells.length = 0;
  }

  /** The cell of a row; `undefined` when its group is turned away. */
  find(rows: Rows, index: number, emit: Emit): Cell | undefined {
    const { windows, keysOf, keyColumn } = this.#options;
    const at = rows.start + rows.columns * index + (keyColumn ?? 0);
    const number = keyColumn === undefined ? 0 : rows.words[2 * at + 1] === KNOWN ? rows.words[2 * at]! : -1;
    const [key] = keysOf(rows.record(index));
    const event = Event.raw(rows.batch!, rows.numberOf(index), json, rows.settlement);
    const group = windows.groups.take(key!, event, emit);
    if (group === undefined) return undefined;
    let cell = this.#byGroup.get(group);
    if (cell === undefined) {
      const none = { left: 0, leftBefore: 0, place: 0, first: 0, last: 0 };
      cell = { group, mark: this.#made++, call: -1, accumulators: [], ...none };
      this.#byGroup.set(group, cell);
    }
    if (number >= 0 && number < MOST_CELLS) {
      while (this.cells.length <= number) this.cells.push(undefined);
      this.cells[number] = cell;
    }
    return cell;
  }

  /** Before the first row of a cell in a call, or in a window. */
  touch(cell: Cell, rows: Rows, index: number): void {
    const { pane, state } = cell.group.frames[0]!;
    if (pane.count === 0) pane.first = this.#time(rows, index);
    cell.call = this.call;
    cell.accumulators = pane.accumulators;
    cell.left = cell.leftBefore = this.#size - (state ?? 0);
    cell.first = index;
    cell.place = this.#touched.push(cell) - 1;
  }

  #time(rows: Rows, index: number): number {
    return rows.batch!.timestampMs(rows.numberOf(index));
  }

  /** A window is full with this row. */
  end(cell: Cell, rows: Rows, index: number, emit: Emit): void {
    const { group } = cell;
    cell.last = index;
    const other = this.#touched.pop()!;
    if (other !== cell) this.#touched[other.place = cell.place] = other;
    this.#settle(cell, rows);
    const frame = group.frames[0]!;
    frame.state = frame.state! - this.#size;
    this.#options.windows.end(group, undefined, frame.pane.last, emit);
  }

  /** After the last row, or the one that threw. */
  finish(rows: Rows): void {
    for (const cell of this.#touched) this.#settle(cell, rows);
    this.#touched = [];
  }

  #settle(cell: Cell, rows: Rows): void {
    const { group: { frames: [frame] }, mark, first, last, leftBefore, left } = cell;
    const { pane } = frame!;
    const count = leftBefore - left;
    cell.call = -1;
    pane.count += count;
    pane.last = this.#time(rows, last);
    pane.value = undefined;
    frame!.state = (frame!.state ?? 0) + count;
    const { marks } = this;
    const numberOf = this.#numberOf;
    const from = this.#from;
    pane.held.addMany(rows.settlement!, () => {
      const numbers: number[] = [];
      for (let index = first; index <= last; index++) if (marks[index - from] === mark) numbers.push(numberOf(index));
      return numbers;
    });
  }
}

/** Makes a `stepRows`; `undefined` where functions must not be made of text. */
export function tumblingRows(
  options: TumblingRowsOptions,
): ((rows: Rows, from: number, to: number, emit: Emit) => void) | undefined {
  const { keyColumn, columns } = options;
  const known = keyColumn === undefined
    ? "cells[0]"
    : `words[2 * (at + ${keyColumn}) + 1] === ${KNOWN} ? cells[words[2 * (at + ${keyColumn})]] : undefined`;
  const adds = columns.map((column, each) =>
    column === undefined ? `accumulators[${each}].add(true);` : `const number${each} = floats[at + ${column}];
        accumulators[${each}].add(number${each} === number${each} ? number${each} : rows.value(at + ${column}));`
  );
  const loop = functionOf(
    [],
    `return (taker, rows, from, to, emit) => {
      const { floats, words, columns, start } = rows;
      const { cells, marks, call } = taker;
      let at = start + columns * from;
      for (let index = from; index < to; index++, at += columns) {
        rows.at = index;
        let cell = ${known};
        if (cell === undefined || cell.group.gone) {
          cell = taker.find(rows, index, emit);
          if (cell === undefined) {
            rows.dropped++;
            continue;
          }
        }
        if (cell.call !== call) taker.touch(cell, rows, index);
        marks[index - from] = cell.mark;
        cell.last = index;
        const { accumulators } = cell;
        ${adds.join("\n")}
        if (--cell.left <= 0) {
          taker.end(cell, rows, index, emit);
        }
      }
    };`,
  ) as (() => Loop) | undefined;
  if (loop === undefined) return undefined;
  const run = loop();
  const taker = new RowTaker(options);
  return (rows, from, to, emit) => {
    taker.begin(rows, from, to);
    try {
      run(taker, rows, from, to, emit);
    } finally {
      taker.finish(rows);
    }
  };
}
