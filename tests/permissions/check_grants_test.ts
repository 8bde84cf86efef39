import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { checkGrants } from "../../permissions/check_grants.ts";
import { type Grants, noGrants, parseGrants } from "../../permissions/grants.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import type { Manifest } from "../../runtime/manifest/manifest.ts";
import { manifest } from "../manifest/plugin_folder.ts";

const pluginFolder = "/srv/plugins/clickstream";
const file = "/etc/caisson.grants.json";
const name = "@acme/clickstream";

const asking = manifest({
  permissions: {
    net: ["127.0.0.1:8080"],
    read: ["./data", "/srv/x"],
    env: true,
    reasons: { net: "polls the API", read: "reads files", env: "reads \u202ea token" },
  },
}) as unknown as Manifest;

function refuse(grants: Grants, isolation?: "worker"): CaissonError {
  const error = assertThrows(() => checkGrants({ manifest: asking, pluginFolder, grants, isolation }), CaissonError);
  assertEquals([error.code, error.exitCode, error.subject], ["CAISSON_GRANT_MISSING", 4, name]);
  return error;
}

/** The JSON that the action tells to add, put where it says. */
function followAdvice(error: CaissonError, before: { plugins: Record<string, Record<string, unknown>> }): unknown {
  const [, where = "", what = ""] = /^(.*?): (.*), or "/.exec(error.action) ?? [];
  if (where.startsWith("Create")) return JSON.parse(what);
  const added = JSON.parse(`{${what}}`);
  const plugin = before.plugins[name] ?? {};
  if (where.startsWith('Add to "plugins"')) return { ...before, plugins: { ...before.plugins, ...added } };
  const changed = where.startsWith('Add to "permissions"')
    ? { ...plugin, permissions: { ...plugin["permissions"] as object, ...added } }
    : { ...plugin, ...added };
  return { ...before, plugins: { ...before.plugins, [name]: changed } };
}

Deno.test("shows every missing request with its value and the author's reason as a quotation", () => {
  const { found } = refuse(noGrants(file));
  for (const part of ['net "127.0.0.1:8080"', '"polls the API"', 'read "/srv/x"', '"reads files"', "env (it leaves"]) {
    assertStringIncludes(found, part);
  }
  assert(!found.includes("/data"), "reading its own folder needs no grant");
  assertStringIncludes(found, "reads \\u202ea token");
});

for (
  const [what, before] of [
    ["without a grant file", undefined],
    ["in a file that knows other plugins", { grants: 1, plugins: { other: {} } }],
    ["for a plugin with an isolation only", { grants: 1, plugins: { [name]: { isolation: "worker" } } }],
    ["for a plugin with one permission", {
      grants: 1,
      plugins: { [name]: { isolation: "worker", permissions: { net: ["127.0.0.1:8080"] } } },
    }],
  ] as [string, { grants: 1; plugins: Record<string, Record<string, unknown>> } | undefined][]
) {
  Deno.test(`following the advice ${what} leaves nothing missing`, () => {
    const grants = before === undefined ? noGrants(file) : parseGrants(before, file);
    const after = parseGrants(followAdvice(refuse(grants, "worker"), before ?? { plugins: {} }), file);
    const grant = checkGrants({ manifest: asking, pluginFolder, grants: after });
    assertEquals(grant?.isolation, "worker");
    assertEquals(grant?.permissions?.net, ["127.0.0.1:8080"]);
    assertEquals(grant?.permissions?.read, ["/srv/x"]);
    assertEquals((grant?.permissions?.env || []).length, 1);
  });
}

Deno.test("names the file and the other answer", () => {
  const { action } = refuse(noGrants(file));
  assertStringIncludes(action, `Create ${file}`);
  assertStringIncludes(action, '"net": false, "read": false, "env": false to refuse it');
});

Deno.test("points at an entry whose name is nearly the plugin's", () => {
  const near = parseGrants({ grants: 1, plugins: { "@acme/click_stream": {}, "@acme/other": {} } }, file);
  assertStringIncludes(refuse(near).action, 'There is an entry for "@acme/click_stream"');
  const far = parseGrants({ grants: 1, plugins: { "@other/thing": {} } }, file);
  assert(!refuse(far).action.includes("There is an entry"));
});

Deno.test("takes false as an answer", () => {
  const grants = parseGrants(
    { grants: 1, plugins: { [name]: { permissions: { net: false, read: false, env: [] } } } },
    file,
  );
  assertEquals(checkGrants({ manifest: asking, pluginFolder, grants })?.permissions?.net, false);
});

Deno.test("asks nothing of a plugin that asks for nothing, or for its own folder only", () => {
  const own = { read: ["./data"], reasons: { read: "reads its data" } };
  for (const permissions of [undefined, own]) {
    const plugin = manifest({ permissions }) as unknown as Manifest;
    assertEquals(checkGrants({ manifest: plugin, pluginFolder, grants: noGrants(file) }), undefined);
  }
});
