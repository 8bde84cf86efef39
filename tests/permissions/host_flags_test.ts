import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { effectivePermissions } from "../../permissions/effective.ts";
import { hostFlags, hostPermissions, type PluginNeeds, shellQuote } from "../../permissions/host_flags.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { hostHolds } from "../../permissions/host_permissions.ts";
import { temporaryFolder } from "../manifest/plugin_folder.ts";

async function needs(isolation: PluginNeeds["isolation"], folder: string): Promise<PluginNeeds> {
  const { permissions } = await effectivePermissions({
    requests: { net: ["a.com:443"], env: ["TOKEN"], write: ["/srv/out"], sys: ["hostname"] },
    granted: { net: ["a.com"], env: ["TOKEN"], write: ["/srv"], sys: ["hostname"] },
    pluginFolder: folder,
  });
  return { isolation, folder, permissions };
}

Deno.test("asks for what the host and its Worker plugins need, sorted and once", async () => {
  const plugins = [await needs("worker", "/plugins/b"), await needs("worker", "/plugins/a")];
  assertEquals(hostFlags({ own: { read: ["/flows/flow.json", "/flows", "/flows"], write: ["/srv/out/x"] }, plugins }), [
    "--allow-read=/flows,/plugins/a,/plugins/b",
    "--allow-write=/srv/out",
    "--allow-net=a.com:443",
    "--allow-env=TOKEN",
    "--allow-sys=hostname",
  ]);
});

Deno.test("holds of what a plugin in a process of its own was granted only the environment, and may start it", async () => {
  const guard = await needs("guard", "/plugins/a");
  const native = await needs("native", "/plugins/b");
  assertEquals(hostFlags({ own: { ffi: ["/cache"] }, plugins: [guard, native] }), [
    "--allow-read=/plugins/a,/plugins/b",
    "--allow-env=TOKEN",
    `--allow-run=${Deno.execPath()}`,
    "--allow-ffi=/cache",
  ]);
});

Deno.test("keeps a neighbour whose name starts the same", () => {
  assertEquals(hostPermissions({ own: { read: ["/a", "/ab", "/a/b"] } }).read, ["/a", "/ab"]);
});

Deno.test("refuses a path that would mean others in a flag", () => {
  const error = assertThrows(() => hostFlags({ own: { read: ["/a,b"] } }), CaissonError);
  assertEquals([error.code, error.subject], ["CAISSON_HOST_PERMISSION", "/a,b"]);
});

Deno.test("asks for nothing when nothing is needed", () => assertEquals(hostFlags({}), []));

for (
  const [word, quoted] of [
    ["--allow-read=/a,/b", "--allow-read=/a,/b"],
    ["--allow-read=/a b", "'--allow-read=/a b'"],
    ["it's", `'it'\\''s'`],
    ["$(x)", "'$(x)'"],
    ["", "''"],
  ] as const
) {
  Deno.test(`writes ${JSON.stringify(word)} for a shell`, () => assertEquals(shellQuote(word), quoted));
}

Deno.test("a process started with the flags holds exactly what a Worker plugin of it needs", async () => {
  await using folder = await temporaryFolder();
  const plugin = join(folder.path, "plugin with space");
  await Deno.mkdir(plugin);
  const { permissions } = await effectivePermissions({
    requests: { net: ["127.0.0.1:8080"], read: true, env: ["CAISSON_TEST_TOKEN"] },
    granted: { net: ["127.0.0.1"], read: [join(folder.path, "data")], env: ["CAISSON_TEST_TOKEN"] },
    pluginFolder: plugin,
  });
  const script = await folder.write(
    "main.js",
    `const worker = (permissions) => new Worker("data:text/javascript,", { type: "module", deno: { permissions } }).terminate();
     const wanted = JSON.parse(await new Response(Deno.stdin.readable).text());
     worker(wanted);
     const wider = [{ ...wanted, net: ["127.0.0.1:8081"] }, { ...wanted, read: [${JSON.stringify(folder.path)}] }];
     for (const each of wider) {
       let refused = false;
       try { worker(each); } catch { refused = true; }
       if (!refused) throw new Error("too much: " + JSON.stringify(each));
     }`,
  );
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-config",
      "--unstable-worker-options",
      ...hostFlags({ plugins: [{ isolation: "worker", folder: plugin, permissions }] }),
      script,
    ],
    stdin: "piped",
    stderr: "piped",
    stdout: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(permissions)));
  await writer.close();
  const { success, stderr } = await child.output();
  assert(success, new TextDecoder().decode(stderr));
});

Deno.test({
  name: "tells what this process holds without asking anybody",
  permissions: { read: ["/srv"], env: ["HOME"], net: ["a.com:1"] },
  fn() {
    assertEquals(hostHolds("read", "/srv/x"), true);
    assertEquals(hostHolds("read", "/etc"), false);
    assertEquals([hostHolds("net", "a.com:1"), hostHolds("net", "a.com:2")], [true, false]);
    assertEquals([hostHolds("env", "HOME"), hostHolds("env", "PATH")], [true, false]);
    assertEquals([hostHolds("write", "/srv"), hostHolds("sys", "uid")], [false, false]);
    assertEquals([hostHolds("ffi", "/a.so"), hostHolds("run", "deno")], [false, false]);
  },
});
