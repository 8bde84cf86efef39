import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { effectivePermissions, isInside } from "../../permissions/effective.ts";
import type { GrantedPermissions } from "../../permissions/grants.ts";
import { formatNet, parseNet, type PermissionKey, permissionKeys } from "../../permissions/values.ts";
import type { PermissionRequests } from "../../runtime/manifest/manifest.ts";
import { temporaryFolder } from "../manifest/plugin_folder.ts";

const pluginFolder = "/srv/plugins/clickstream";

async function effective(requests: PermissionRequests, granted?: GrantedPermissions) {
  return await effectivePermissions({ requests, granted, pluginFolder });
}

Deno.test("names every permission of Deno, and gives only the plugin's folder without a grant", async () => {
  const { permissions, explain } = await effective({ net: ["a.com:443"], env: true });
  assertEquals(permissions, {
    net: false,
    read: [pluginFolder],
    write: false,
    env: false,
    sys: false,
    run: false,
    ffi: false,
    import: false,
  });
  assertEquals(explain.map(({ key, value, refusedBy }) => [key, value, refusedBy]), [
    ["net", "a.com:443", "grant"],
    ["env", "true", "grant"],
  ]);
});

for (
  const [what, asked, granted, expected] of [
    ["the same host and port", ["a.com:443"], ["A.com:443"], ["a.com:443"]],
    ["another port", ["a.com:443"], ["a.com:80"], false],
    ["one port of a host that is granted whole", ["a.com:443"], ["a.com"], ["a.com:443"]],
    ["a whole host of which one port is granted", ["a.com"], ["a.com:443", "a.com:80"], ["a.com:443", "a.com:80"]],
    ["a host whose name ends in the granted one", ["evila.com"], ["a.com"], false],
    ["a host below the granted one", ["b.a.com"], ["a.com"], false],
    ["an address spelled in another way", ["[0:0:0:0:0:0:0:1]:1"], ["[::1]:1"], ["[::1]:1"]],
    ["whatever the operator lists", true, ["a.com:1", "b.com"], ["a.com:1", "b.com"]],
    ["something that is refused on purpose", ["a.com"], false, false],
    ["something of which nothing is granted", ["a.com"], [], false],
  ] as [string, true | string[], false | string[], false | string[]][]
) {
  Deno.test(`intersects hosts: a request for ${what}`, async () => {
    const { permissions } = await effective({ net: asked }, { net: granted });
    assertEquals(permissions.net, expected);
  });
}

for (
  const [what, asked, granted, expected] of [
    ["a file in a granted folder", ["/srv/data/a.csv"], ["/srv/data"], ["/srv/data/a.csv"]],
    ["a folder of which one file is granted", ["/srv/data"], ["/srv/data/a.csv"], ["/srv/data/a.csv"]],
    ["a folder whose name starts like the granted one", ["/srv/data2"], ["/srv/data"], []],
    ["a path with dots that leave the granted folder", ["/srv/data/../secret"], ["/srv/data"], []],
    ["a file called like a way up", ["/srv/data/..a"], ["/srv/data"], ["/srv/data/..a"]],
    ["the folder itself", ["/srv/data/"], ["/srv/data"], ["/srv/data"]],
    ["its own folder, which needs no grant", ["./data"], [], []],
  ] as [string, string[], string[], string[]][]
) {
  Deno.test(`intersects paths: a request for ${what}`, async () => {
    const { permissions } = await effective({ read: asked }, { read: granted });
    assertEquals(permissions.read, [...expected, pluginFolder].sort());
  });
}

Deno.test("needs a grant for writing into the plugin's own folder", async () => {
  const own = join(pluginFolder, "state");
  assertEquals((await effective({ write: ["./state"] })).permissions.write, false);
  assertEquals((await effective({ write: ["./state"] }, { write: [own] })).permissions.write, [own]);
});

Deno.test("explains each value that was left out, and why", async () => {
  const { explain } = await effectivePermissions({
    requests: { env: ["A", "B"], net: ["a.com"] },
    granted: { env: ["B", "C"], net: ["a.com:443"] },
    pluginFolder,
  });
  assertEquals(explain.map(({ key, value, refusedBy }) => `${key} ${value} ${refusedBy}`), [
    "net a.com grant",
    "env A grant",
    "env C manifest",
  ]);
  assert(explain.every(({ text, value }) => text.includes(value)));
});

Deno.test({
  name: "does not follow a link out of the granted folder",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await temporaryFolder();
    await folder.write("secret/key", "");
    await folder.write("data/a.csv", "");
    const link = join(folder.path, "data/link");
    await Deno.symlink(join(folder.path, "secret"), link);
    const granted = { read: [join(folder.path, "data")] };
    const asked = { read: [join(link, "key"), join(link, "not_there_yet"), join(folder.path, "data/a.csv")] };
    const { permissions, explain } = await effective(asked, granted);
    assertEquals(permissions.read, [join(folder.path, "data/a.csv"), pluginFolder].sort());
    assertEquals(explain.filter(({ refusedBy }) => refusedBy === "grant").length, 2);
  },
});

Deno.test({
  name: "keeps both spellings of a path that is granted through a link",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await temporaryFolder();
    await folder.write("real/a.csv", "");
    await Deno.symlink(join(folder.path, "real"), join(folder.path, "alias"));
    const path = join(folder.path, "alias/a.csv");
    const { permissions } = await effective({ read: [path] }, { read: [join(folder.path, "alias")] });
    assertEquals(permissions.read, [path, join(folder.path, "real/a.csv"), pluginFolder].sort());
  },
});

// Properties, over many made-up manifests and grants.

function* numbers(seed: number): Generator<number, never> {
  let state = seed;
  while (true) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

const pools: Record<PermissionKey, readonly string[]> = {
  net: ["a.com", "a.com:1", "a.com:2", "b.a.com", "b.a.com:1", "[::1]:1", "127.0.0.1:1", "127.0.0.1"],
  read: ["/x", "/x/y", "/x/y/z", "/xy", "/x/../xy/q", "/srv", pluginFolder, "/"],
  write: ["/x", "/x/y", "/x/y/z", "/xy", "/x/../xy/q", "/srv", pluginFolder],
  env: ["A", "B", "AB", "a"],
  sys: ["hostname", "uid", "gid"],
};

/** Written without the code under test: what a list lets a plugin do, as a set of concrete things. */
function things(key: PermissionKey, list: readonly string[]): Set<string> {
  const found = new Set<string>();
  for (const value of list) {
    if (key === "net") {
      const parsed = parseNet(value);
      assert(typeof parsed !== "string");
      const ports = parsed.port === undefined ? [1, 2, 3] : [parsed.port];
      for (const port of ports) found.add(formatNet({ host: parsed.host, port }));
    } else if (key === "read" || key === "write") {
      const path = join(value, ".");
      const files = ["/f", "/x/f", "/x/y/f", "/x/y/z/f", "/xy/f", "/xy/q/f", "/srv/f", `${pluginFolder}/f`];
      for (const file of files) if (path === "/" || file.startsWith(`${path}/`)) found.add(file);
    } else found.add(value);
  }
  return found;
}

Deno.test("what is effective is exactly what both manifest and grant allow", async () => {
  const random = numbers(11);
  const some = (pool: readonly string[]) => pool.filter(() => random.next().value < 0.3);
  for (let round = 0; round < 400; round++) {
    const requests: { [Key in PermissionKey]?: true | string[] } = {};
    const granted: { [Key in PermissionKey]?: false | string[] } = {};
    for (const key of permissionKeys) {
      const chance = random.next().value;
      if (chance < 0.8) requests[key] = chance < 0.15 ? true : some(pools[key]);
      if (random.next().value < 0.8) granted[key] = random.next().value < 0.1 ? false : some(pools[key]);
    }
    const { permissions } = await effectivePermissions({ requests, granted, pluginFolder });
    for (const key of permissionKeys) {
      const asked = requests[key] === true ? pools[key] : requests[key] ?? [];
      const manifest = things(key, asked);
      const grant = things(key, granted[key] || []);
      const expected = new Set([...manifest].filter((each) => grant.has(each)));
      if (key === "read") expected.add(`${pluginFolder}/f`);
      const found = things(key, permissions[key] || []);
      assertEquals([...found].sort(), [...expected].sort(), `${key} ${JSON.stringify({ requests, granted })}`);
    }
    assertEquals([permissions.run, permissions.ffi, permissions.import], [false, false, false]);
  }
});

Deno.test("knows what lies inside a folder", () => {
  assertEquals(isInside("/a/b", "/a"), true);
  assertEquals(isInside("/a", "/a"), true);
  assertEquals(isInside("/ab", "/a"), false);
  assertEquals(isInside("/", "/a"), false);
  assertEquals(isInside("/a/..b", "/a"), true);
});
