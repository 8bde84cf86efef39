/** Which files a flow looks up in: `caisson flags` names them, and no sink may write over one. */
import { assertEquals } from "@std/assert";
import { type FlowDefinition, type OperatorDefinition, SqliteStore } from "../../mod.ts";
import { tableFilesOf } from "../../runtime/flow/table_files.ts";

Deno.test("tables and stores are found in lists, in operators and in graphs, and nothing else is", () => {
  const file: OperatorDefinition = { enrich: { key: "k", as: "a", file: { path: "hosts.csv", key: "k" } } };
  const store: OperatorDefinition = { enrich: { key: "k", as: "b", store: "kv.db" } };
  const table: OperatorDefinition = { enrich: { key: "k", as: "c", table: { k: 1 } } };
  using opened = new SqliteStore(":memory:");
  const open: OperatorDefinition = { enrich: { key: "k", as: "d", store: opened } };
  const flow: FlowDefinition = {
    name: "tables",
    connectors: {},
    pipelines: {
      list: [{ filter: true }, file, table],
      operators: { operators: [store, open] },
      graph: { nodes: { one: [store], two: [file] }, links: [] },
    },
    links: [],
  };
  assertEquals(tableFilesOf(flow), [
    { pipeline: "list", path: "hosts.csv", isStore: false },
    { pipeline: "operators", path: "kv.db", isStore: true },
    { pipeline: "graph", path: "kv.db", isStore: true },
    { pipeline: "graph", path: "hosts.csv", isStore: false },
  ]);
  assertEquals(tableFilesOf({ name: "none", connectors: {}, links: [] }), []);
});
