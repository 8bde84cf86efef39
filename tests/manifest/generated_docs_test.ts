import { assertEquals } from "@std/assert";
import { codes } from "../../runtime/errors/codes.ts";
import { errorsPage } from "../../scripts/generate_errors_page.ts";
import { generatedSchemas } from "../../scripts/generate_manifest_schema.ts";
import { writeGenerated } from "../../scripts/write_generated.ts";
import { temporaryFolder } from "./plugin_folder.ts";

async function committed(name: string): Promise<string> {
  return (await Deno.readTextFile(new URL(`../../docs/${name}`, import.meta.url))).replaceAll("\r\n", "\n");
}

for (const [name, text] of Object.entries(generatedSchemas())) {
  Deno.test(`docs/${name} is what the schema generates`, async () => assertEquals(await committed(name), text));
}

Deno.test("docs/errors.md is what the code lists generate, with every code", async () => {
  const page = await committed("errors.md");
  assertEquals(page, errorsPage());
  const listed = [...page.matchAll(/^### `(\w+)`$/gm)].map((match) => match[1]);
  assertEquals(listed.sort(), Object.keys(codes).sort());
});

Deno.test("the generated manifest schema knows every key, and no other", () => {
  const schema = JSON.parse(generatedSchemas()["manifest.schema.json"]!);
  assertEquals(schema.additionalProperties, false);
  assertEquals(schema.required, ["manifest", "name", "version", "runtime", "provides"]);
  assertEquals(Object.keys(schema.properties.permissions.properties), [
    "net",
    "read",
    "write",
    "env",
    "sys",
    "reasons",
  ]);
});

Deno.test("a check of a generated file notices a difference and changes nothing", async () => {
  await using folder = await temporaryFolder();
  const file = new URL(`file://${await folder.write("a.md", "old")}`);
  assertEquals(await writeGenerated([[file, "old"]], true), 0);
  assertEquals(await writeGenerated([[file, "new"]], true), 1);
  assertEquals(await Deno.readTextFile(file), "old");
  assertEquals(await writeGenerated([[file, "new"]], false), 0);
  assertEquals(await Deno.readTextFile(file), "new");
});
