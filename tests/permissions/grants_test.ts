import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { join, resolve } from "@std/path";
import { grantChanges } from "../../permissions/edit_grants.ts";
import { parseGrants, readGrants } from "../../permissions/grants.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { temporaryFolder } from "../manifest/plugin_folder.ts";

const plugin = "@acme/clickstream";
const file = "/srv/caisson.grants.json";

function grants(grant: unknown): unknown {
  return { grants: 1, plugins: { [plugin]: grant } };
}

Deno.test("reads lists and refusals, with paths relative to the file", () => {
  const value = grants({
    isolation: "worker",
    permissions: { net: ["127.0.0.1:8080"], read: ["./data", "/etc/hosts"], write: false, env: ["A"], sys: [] },
  });
  assertEquals(parseGrants(value, file).plugins.get(plugin), {
    isolation: "worker",
    permissions: {
      net: ["127.0.0.1:8080"],
      read: [resolve("/srv/data"), resolve("/etc/hosts")],
      write: false,
      env: ["A"],
      sys: [],
    },
  });
});

Deno.test("takes a file that is not there as one that grants nothing", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "caisson.grants.json");
  const found = await readGrants(path);
  assertEquals([found.file, found.present, found.plugins.size], [path, false, 0]);
});

for (
  const [what, value, subject, found, advice] of [
    ["an unknown key", { grants: 1, plugin: {} }, ": plugin", "plugin", 'Did you mean "plugins"?'],
    ["another format", { grants: 2, plugins: {} }, ": grants", "2", ""],
    [
      "a misspelt permission",
      grants({ permissions: { raed: [] } }),
      ".permissions.raed",
      "raed",
      'Did you mean "read"?',
    ],
    ["true", grants({ permissions: { net: true } }), ".permissions.net", "all of net", "api.example.com:443"],
    ["a text", grants({ permissions: { net: "a" } }), ".permissions.net", '"a"', ""],
    ["a wildcard host", grants({ permissions: { net: ["*.a.com"] } }), ".permissions.net[0]", "wildcard", ""],
    ["a wildcard path", grants({ permissions: { read: ["/srv/*"] } }), ".permissions.read[0]", "wildcard", ""],
    ["run", grants({ permissions: { run: ["ls"] } }), ".permissions.run", "never granted run", "Remove"],
    ["ffi", grants({ permissions: { ffi: false } }), ".permissions.ffi", "never granted ffi", "Remove"],
    ["import", grants({ permissions: { import: [] } }), ".permissions.import", "never granted import", "Remove"],
    ["an unknown isolation", grants({ isolation: "thread" }), ".isolation", "thread", ""],
    ["a list of plugins", { grants: 1, plugins: [] }, ": plugins", "[]", ""],
  ] as [string, unknown, string, string, string][]
) {
  Deno.test(`refuses a grant file with ${what}, and says where`, () => {
    const error = assertThrows(() => parseGrants(value, file), CaissonError);
    assertEquals([error.code, error.exitCode], ["CAISSON_GRANT_INVALID", 4]);
    assertEquals(error.subject.startsWith(file) && error.subject.endsWith(subject), true, error.subject);
    assertStringIncludes(error.found, found);
    assertStringIncludes(error.action, advice);
  });
}

for (
  const [what, text] of [
    ["a plugin twice", `{"grants":1,"plugins":{"${plugin}":{},\n"${plugin}":{}}}`],
    ["a __proto__ key", '{"grants":1,\n"plugins":{"__proto__":{}}}'],
    ["broken JSON", '{"grants":1,\n}'],
  ] as const
) {
  Deno.test(`refuses a grant file with ${what}, and says on which line`, async () => {
    await using folder = await temporaryFolder();
    const path = await folder.write("caisson.grants.json", text);
    const error = await assertRejects(() => readGrants(path), CaissonError);
    assertEquals(error.code, "CAISSON_GRANT_INVALID");
    assertStringIncludes(error.subject, `${path}:2:`);
  });
}

Deno.test({
  name: "names the flag when the host may not read the grant file",
  permissions: { read: false },
  async fn() {
    const error = await assertRejects(() => readGrants(file), CaissonError);
    assertEquals([error.code, error.exitCode], ["CAISSON_HOST_PERMISSION", 4]);
    assertStringIncludes(error.action, `--allow-read=${file}`);
  },
});

Deno.test("reads how a plugin's process is watched, shows what changed of it, and refuses what no flow may say either", () => {
  const supervision = { restarts: 3, slotMs: 5000 };
  const before = parseGrants(grants({ supervision }), file).plugins.get(plugin)!;
  assertEquals(before.supervision, supervision);
  const after = parseGrants(grants({ supervision: { restarts: 3, batchMs: 200 } }), file).plugins.get(plugin)!;
  assertEquals(grantChanges(before, after), ["~ supervision.batchMs 200", "~ supervision.slotMs the default"]);
  for (const wrong of [{ slotMs: 1 }, { restarts: -1 }, { restart: 3 }]) {
    const error = assertThrows(() => parseGrants(grants({ supervision: wrong }), file), CaissonError);
    assertEquals(error.code, "CAISSON_GRANT_INVALID");
    assertStringIncludes(error.message, "supervision");
  }
});
