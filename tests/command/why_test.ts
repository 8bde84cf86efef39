/** `caisson why`: who said so, in which file and line. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { caisson, inFolder, writeFiles } from "./cli.ts";

const files = {
  "plugins/clicks/plugin.json": `{
  "manifest": 1, "name": "@acme/clicks", "version": "1.0.0", "runtime": "^0.1.0", "module": "./mod.ts",
  "provides": [{ "kind": "source", "name": "clicks", "interface": "source@1.0" }],
  "permissions": {
    "net": ["api.example.com:443", "b.example.com:443"],
    "reasons": { "net": "polls\\u001b[2J the API" }
  }
}`,
  "plugins/clicks/mod.ts": "export default {};\n",
  "caisson.grants.json": `{ "grants": 1, "plugins": {
  "@acme/clicks": {
    "permissions": { "net": ["api.example.com:443"] },
    "flows": { "nightly": { "permissions": { "net": false } } }
  }
} }`,
};

Deno.test("why names the lines that allow, and exits with 4 when something is refused", async () => {
  await inFolder(async (cwd) => {
    await writeFiles(cwd, files);
    const read = { cwd, flags: ["--allow-read=."] };
    const may = await caisson(["why", "@acme/clicks", "net", "api.example.com:443"], read);
    assertEquals(may.code, 0, may.stderr);
    assertStringIncludes(may.stdout, "@acme/clicks may: net api.example.com:443");
    assertStringIncludes(may.stdout, "(plugins/clicks/plugin.json:5)");
    assertStringIncludes(may.stdout, "(caisson.grants.json:3)");
    assertStringIncludes(may.stdout, '"polls\\u001b[2J the API"');
    const other = await caisson(["why", "@acme/clicks", "net", "b.example.com:443"], read);
    assertEquals(other.code, 4);
    assertStringIncludes(other.stdout, "may not: net b.example.com:443");
    const nightly = await caisson(
      ["why", "@acme/clicks", "net", "api.example.com:443", "--flow", "nightly", "--json"],
      read,
    );
    assertEquals(nightly.code, 4);
    const { allowed, steps } = JSON.parse(nightly.stdout);
    assertEquals([allowed, steps.at(-1).by, steps.at(-1).place.line], [false, "flow", 4]);
    const typo = await caisson(["why", "@acme/click", "net", "a.com:1"], read);
    assertEquals(typo.code, 2);
    assertStringIncludes(typo.stderr, "Did you mean @acme/clicks?");
    const wild = await caisson(["why", "@acme/clicks", "net", "*.example.com"], read);
    assertEquals(wild.code, 2);
  });
});
