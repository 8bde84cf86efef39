/** Streams that are grouped, gathered in windows, or both. @module */
import type { Term } from "../expression_builder.ts";
import type { SelectDefinition, WindowDefinition } from "../select_definition.ts";
import { group } from "./aggregate_terms.ts";
import { type Made, resolve, type Row, type TargetInput } from "./row.ts";
import type { Stream, WindowOf } from "./stream.ts";

/** What a value is as a part of a group: an absent one is `null`. */
export type KeyOf<Given> = Given extends Term<infer Value>
  ? undefined extends Value ? unknown extends Value ? unknown : Exclude<Value, undefined> | null : Value
  : Given extends { readonly each: Term<readonly (infer Item)[]> } ? Item
  : unknown;

/** The values of a group. */
export type KeysOf<Given> = Given extends { readonly set: infer Parts extends readonly unknown[] }
  ? { readonly [Index in keyof Parts]: KeyOf<Parts[Index]> }
  : readonly [KeyOf<Given>];

/** Names the values of the group. */
export interface GroupRow<Keys> {
  /** All of them, and then their JSON text. */
  (): Term<Keys extends readonly unknown[] ? [...Keys, string] : unknown>;
  /** One of them. */
  <Index extends number>(index: Index): Term<Keys extends readonly unknown[] ? Keys[Index] : unknown>;
}

/** Events that are grouped, gathered in windows, or both; `select` says what is made of them. */
export class Grouped<Value, Keys = unknown> {
  readonly #stream: Stream<Value>;
  readonly #definition: SelectDefinition;

  /** Use {@linkcode Stream.groupBy} or {@linkcode Stream.window}. */
  constructor(stream: Stream<Value>, definition: SelectDefinition) {
    this.#stream = stream;
    this.#definition = definition;
  }

  /** Gathers the events of each group in a window, or in tilt frames, from the finest to the coarsest. */
  window(...windows: readonly [WindowOf<Value>, ...WindowOf<Value>[]]): Grouped<Value, Keys> {
    const [first, ...coarser] = windows.map((each) => resolve<WindowDefinition>(each));
    return new Grouped(this.#stream, {
      ...this.#definition,
      window: coarser.length === 0 ? first! : [first!, ...coarser],
    });
  }

  /** What becomes of windows that are open when the flow drains. */
  atEnd(atEnd: "emit" | "drop"): Grouped<Value, Keys> {
    return new Grouped(this.#stream, { ...this.#definition, atEnd });
  }

  /** What is made of each window, or of each event and group. */
  select<const Target extends TargetInput>(
    target: Target | ((event: Row<Value>, group: GroupRow<Keys>) => Target),
  ): Stream<Made<Target>> {
    return this.#stream.step({
      select: { ...this.#definition, target: resolve<TargetInput>(target, group) },
    });
  }
}
