/** The step `enrich`: adds what a table, a file or a store knows about an event. @module */
import { CaissonError } from "../../errors/caisson_error.ts";
import { excerpt } from "../../manifest/untrusted_text.ts";
import { compileKey } from "../expected_value.ts";
import { invalid } from "../invalid.ts";
import type { Operator } from "../operator.ts";
import { SqliteStore } from "../store/key_value_store.ts";
import { recordOf } from "./record_of.ts";
import type { EnrichDefinition } from "./step_definition.ts";
import { TableFile } from "./table_file.ts";

/** What is looked up in. */
interface Table {
  readonly get: (key: string) => unknown;
  readonly open?: Operator["open"];
  readonly close?: () => void;
}

/** Compiles `enrich`. */
export function compileEnrich(definition: EnrichDefinition, path: string): Operator {
  const { as, missing = "pass" } = definition;
  const table = tableOf(definition, path);
  const keyFrom = compileKey(definition.key, `${path}.key`);
  return {
    name: "enrich",
    cursor: "passes",
    step: (event, emit) => {
      const value = recordOf(event.value, path);
      const key = keyFrom(value);
      // A list or record is no key, and may not even have a text.
      const found = key === undefined || typeof key === "object" ? undefined : table.get(String(key));
      if (found !== undefined) return emit(event.with({ ...value, [as]: found }));
      if (missing === "pass") return emit(event);
      if (missing === "drop") return false;
      throw new CaissonError("CAISSON_OPERATOR_FAILED", {
        subject: path,
        found: `no entry for ${key === undefined ? "an absent key" : excerpt(key)}`,
        allowed: "a key that the table has",
      });
    },
    ...(table.open === undefined ? {} : { open: table.open }),
    ...(table.close === undefined ? {} : { close: table.close }),
  };
}

function tableOf({ table, file, store }: EnrichDefinition, path: string): Table {
  const given = Object.entries({ table, file, store }).filter(([, value]) => value !== undefined).map(([name]) => name);
  if (given.length !== 1) {
    throw invalid(path, given.join(" and ") || "neither table nor file nor store", "one of table, file, store");
  }
  if (table !== undefined) {
    const entries = new Map(Object.entries(table));
    return { get: (key) => entries.get(key) };
  }
  if (file !== undefined) {
    const read = new TableFile(file, `${path}.file`);
    return { get: (key) => read.get(key), open: (tell) => read.open(tell), close: () => read.close() };
  }
  // A store the program brought is the program's to close.
  if (typeof store === "object") return { get: (key) => store.get(key) };
  // Opened with the first event: a flow that is only checked must not make files.
  let opened: SqliteStore | undefined;
  return { get: (key) => (opened ??= new SqliteStore(store!)).get(key), close: () => opened?.close() };
}
