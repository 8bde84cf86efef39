import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path";
import { cacheFolder, platformCache } from "../../ffi/cache_folder.ts";
import { type EffectivePermissions, effectivePermissions } from "../../permissions/effective.ts";
import { explainPermission } from "../../permissions/explain.ts";
import { flowPermissions } from "../../permissions/flow_permissions.ts";
import { readGrants } from "../../permissions/grants.ts";
import { refuseGuardedPaths } from "../../permissions/guarded_paths.ts";
import { permissionKeys } from "../../permissions/values.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { jsonPlaces } from "../../runtime/manifest/json_places.ts";
import { readManifest } from "../../runtime/manifest/parse_manifest.ts";
import { manifest, temporaryFolder } from "../manifest/plugin_folder.ts";

const name = "@acme/clickstream";

const pluginJson = JSON.stringify(
  manifest({
    permissions: {
      net: ["api.acme.com:443", "10.0.0.1:80", "b.acme.com:443"],
      read: ["./data", "/srv/in"],
      env: true,
      reasons: { net: "polls \u202ethe API", read: "r", env: "e" },
    },
  }),
  undefined,
  2,
);

const grantsJson = JSON.stringify(
  {
    grants: 1,
    plugins: {
      [name]: {
        permissions: { net: ["api.acme.com:443", "10.0.0.1:80"], read: ["/srv/in/today"], env: ["TOKEN"], sys: false },
        flows: { nightly: { permissions: { net: ["api.acme.com:443"], env: false } } },
      },
    },
  },
  undefined,
  2,
);

async function withPlugin(run: (ask: Ask, folder: string) => Promise<void>): Promise<void> {
  await using folder = await temporaryFolder();
  const manifestFile = await folder.write("plugin/plugin.json", pluginJson);
  const grantsFile = await folder.write("caisson.grants.json", grantsJson);
  const found = await readManifest(manifestFile);
  const grants = await readGrants(grantsFile);
  const placeOf = jsonPlaces(pluginJson);
  await run(async (key, value, flow) => {
    const { allowed, steps } = await explainPermission({
      key,
      value,
      flow,
      manifest: found.manifest,
      manifestFile,
      placeOf,
      pluginFolder: found.folder,
      grants,
    });
    return { allowed, steps: steps.map(({ by, place }) => `${by}:${place?.line ?? "-"}`), text: steps.at(-1)!.text };
  }, found.folder);
}

type Ask = (
  key: string,
  value: string,
  flow?: string,
) => Promise<{ readonly allowed: boolean; readonly steps: readonly string[]; readonly text: string }>;

/** Line of the first occurrence of a text, from 1. */
function line(json: string, text: string): number {
  return json.slice(0, json.indexOf(text)).split("\n").length;
}

Deno.test("names the line of the request and of the grant that allow it", () =>
  withPlugin(async (ask) => {
    const net = await ask("net", "api.acme.com:443");
    assertEquals(net.allowed, true);
    assertEquals(net.steps, [
      `manifest:${line(pluginJson, "api.acme")}`,
      `grant:${line(grantsJson, "api.acme")}`,
    ]);
    const env = await ask("env", "TOKEN");
    assertEquals(env.allowed, true);
    assertEquals(env.steps, [`manifest:${line(pluginJson, '"env"')}`, `grant:${line(grantsJson, "TOKEN")}`]);
  }));

Deno.test("names who refuses, and asks nobody after", () =>
  withPlugin(async (ask, folder) => {
    const other = await ask("net", "evil.com:443");
    assertEquals([other.allowed, other.steps], [false, [`manifest:${line(pluginJson, '"net"')}`]]);
    const missing = await ask("net", "b.acme.com:443");
    assertEquals([missing.allowed, missing.steps.length], [false, 2]);
    assertEquals(missing.steps[1], `grant:${line(grantsJson, '"net"')}`);
    assertEquals((await ask("write", "/srv/out")).allowed, false);
    assertEquals((await ask("sys", "hostname")).steps, [`manifest:${line(pluginJson, '"permissions"')}`]);
    for (const key of ["run", "ffi", "import", "hrtime"]) assertEquals((await ask(key, "x")).steps, ["rule:-"]);
    assertEquals((await ask("read", `${folder}/mod.ts`)).steps, ["rule:-"]);
    assertEquals((await ask("read", "/srv/in/today/a")).allowed, true);
    assertEquals((await ask("read", "/srv/in/other")).allowed, false);
  }));

Deno.test("quotes the author's reason, with nothing in it that steers a terminal", () =>
  withPlugin(async (ask) => {
    const { text } = await ask("net", "b.acme.com:443");
    assertStringIncludes(text, "only");
  }));

Deno.test("a flow refuses what the plugin is granted elsewhere", () =>
  withPlugin(async (ask) => {
    const narrowed = await ask("net", "10.0.0.1:80", "nightly");
    assertEquals([narrowed.allowed, narrowed.steps.length], [false, 3]);
    assertStringIncludes(narrowed.text, "behind granted names");
    assertEquals((await ask("net", "10.0.0.1:80", "daily")).allowed, true);
    assertEquals((await ask("env", "TOKEN", "nightly")).text, "the operator refuses env on purpose");
    assertEquals((await ask("read", "/srv/in/today", "nightly")).allowed, true);
  }));

Deno.test("says the same as what is enforced", () =>
  withPlugin(async (ask, pluginFolder) => {
    const requests = (await readManifest(`${pluginFolder}/plugin.json`)).manifest.permissions;
    const file = `${pluginFolder}/../caisson.grants.json`;
    const grant = (await readGrants(file)).plugins.get(name);
    const { permissions } = await effectivePermissions({ requests, granted: grant?.permissions, pluginFolder });
    const flows = await flowPermissions({ plugin: name, pluginFolder, permissions, grant, file });
    for (const [flow, lists] of [[undefined, permissions], ["nightly", flows.get("nightly")!]] as const) {
      for (const key of permissionKeys) {
        for (const value of lists[key] || []) {
          assertEquals((await ask(key, value, flow)).allowed, true, `${flow} ${key} ${value}`);
        }
      }
      for (const value of ["evil.com:443", "api.acme.com:80", "b.acme.com:443"]) {
        assertEquals((await ask("net", value, flow)).allowed, false);
      }
    }
    assertEquals(flows.get("nightly")!.net, ["api.acme.com:443"]);
    assertEquals(flows.get("nightly")!.env, false);
    assertEquals(flows.get("nightly")!.read, permissions.read);
  }));

Deno.test("a flow cannot widen what the plugin is granted", async () => {
  const grant = { permissions: { net: ["a.com:443"] }, flows: { f: { permissions: { net: ["b.com:443"] } } } };
  const { permissions } = await effectivePermissions({
    requests: { net: ["a.com:443", "b.com:443"] },
    granted: grant.permissions,
    pluginFolder: "/p",
  });
  const error = await assertRejects(
    () => flowPermissions({ plugin: "p", pluginFolder: "/p", permissions, grant, file: "g.json" }),
    CaissonError,
  );
  assertEquals([error.code, error.subject], ["CAISSON_GRANT_INVALID", "g.json: plugins.p.flows.f.permissions.net[0]"]);
});

for (const path of [".", "caisson.grants.json", ".caisson", ".caisson/store/x", "caisson.lock", ".."]) {
  Deno.test(`no plugin may write ${path}, where grants, lock, store and audit log lie`, async () => {
    await using folder = await temporaryFolder();
    const write = [`${folder.path}/${path}`.replace(/\/\.$/, "")];
    const permissions = { write } as unknown as Parameters<typeof refuseGuardedPaths>[1];
    const error = await assertRejects(
      () => refuseGuardedPaths("p", permissions, { grantsFile: `${folder.path}/caisson.grants.json` }),
      CaissonError,
    );
    assertEquals(error.code, "CAISSON_GRANT_INVALID");
  });
}

Deno.test("a plugin may write a folder beside them", async () => {
  await using folder = await temporaryFolder();
  const permissions = { write: [`${folder.path}/out`] } as unknown as Parameters<typeof refuseGuardedPaths>[1];
  await refuseGuardedPaths("p", permissions, { grantsFile: `${folder.path}/caisson.grants.json` });
});

for (const given of [true, false]) {
  Deno.test(`no plugin may write where its host takes code from, with a cache folder ${given ? "of its own" : "of the platform"}`, async () => {
    await using folder = await temporaryFolder();
    const { path } = folder;
    const cache = given ? `${path}/caches/own` : cacheFolder();
    const root = fromFileUrl(new URL("../../", import.meta.url));
    const refused = [
      cache,
      dirname(cache),
      join(cache, "native", "x"),
      root,
      join(root, "ffi", "include"),
      Deno.env.get("DENO_DIR") ?? platformCache("deno"),
    ];
    // A link is what it leads to.
    if (given) {
      await Deno.mkdir(`${cache}/guard`, { recursive: true });
      await Deno.symlink(`${cache}/guard`, `${path}/link`);
      await Deno.symlink(`${cache}/none/yet`, `${path}/dangling`);
      refused.push(`${path}/link`, `${path}/dangling`, `${path}/dangling/below`);
    }
    const places = { grantsFile: join(path, "operator", "grants.json"), cacheFolder: given ? cache : undefined };
    for (const each of refused) {
      const error = await assertRejects(
        () => refuseGuardedPaths("p", { write: [each] } as unknown as EffectivePermissions, places),
        CaissonError,
        "from which the host takes code that it runs",
        each,
      );
      assertEquals(error.code, "CAISSON_GRANT_INVALID");
    }
    const free = { write: [`${path}/out`, join(root, "demo", "out")] } as unknown as EffectivePermissions;
    await refuseGuardedPaths("p", free, places);
  });
}
