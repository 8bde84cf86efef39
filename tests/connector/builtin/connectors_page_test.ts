import { assert, assertEquals } from "@std/assert";
import { builtins } from "../../../runtime/connector/builtin/builtins.ts";
import { connectorsPage } from "../../../scripts/generate_connectors_page.ts";

Deno.test("docs/connectors.md is what scripts/generate_connectors_page.ts writes", async () => {
  const page = await Deno.readTextFile(new URL("../../../docs/connectors.md", import.meta.url));
  assertEquals(page, connectorsPage());
});

Deno.test("every option of every builtin connector is described", () => {
  const bare: string[] = [];
  for (const { type, kind, configSchema } of builtins) {
    for (const [name, node] of Object.entries(configSchema["properties"] as Record<string, Record<string, unknown>>)) {
      if (node["description"] === undefined && node["anyOf"] === undefined) bare.push(`${type} ${kind}: ${name}`);
    }
  }
  assertEquals(bare, []);
  assert(builtins.every(({ description }) => description.endsWith(".")));
});
