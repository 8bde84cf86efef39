import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { basename, dirname, join, toFileUrl } from "@std/path";
import { findSandbox } from "../../permissions/sandbox/find_sandbox.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { GUARD_FILES } from "../../runtime/isolation/guard_files.ts";
import { guardScripts } from "../../runtime/isolation/guard_scripts.ts";
import { completeFolder } from "../../runtime/isolation/private_place.ts";
import { removeUnused } from "../../runtime/isolation/unused_folders.ts";
import { NO_FOLDER, translatedModules } from "../../runtime/isolation/translated_modules.ts";

const packageRoot = new URL("../../", import.meta.url);

async function filesBelow(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    files.push(...isDirectory ? await filesBelow(path) : [path]);
  }
  return files.sort();
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const plugin = (folder: string) => ({ name: "@test/plugin", folder, module: join(folder, "mod.ts") });

Deno.test("the modules of a guard are put aside as JavaScript that imports nothing else, once", async () => {
  await inFolder(async (cacheFolder) => {
    const { entry, files: [folder] } = await guardScripts({ packageRoot, cacheFolder });
    assertEquals(
      await filesBelow(folder!),
      GUARD_FILES.map((file) => join(folder!, file.replace(/ts$/, "mjs"))).sort(),
    );
    for (const file of await filesBelow(folder!)) {
      const text = await Deno.readTextFile(file);
      assert(!/^(?:import|export) [^;]*from "[^"]*\.ts"/m.test(text), file);
    }
    const { stderr, code } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-config", "--no-remote", entry, "none", "1"],
      stdin: "null",
      env: { NO_COLOR: "1", DENO_DIR: NO_FOLDER },
    }).output();
    assertEquals([new TextDecoder().decode(stderr), code], ["", 0]);
    // No half-written set stays beside it.
    assertEquals((await Array.fromAsync(Deno.readDir(dirname(folder!)))).length, 1);
  });
});

Deno.test("guards of another version of the runtime run from a folder of their own; unused ones go after a month", async () => {
  await inFolder(async (root) => {
    const guard = join(root, "cache", "guard");
    const aged = async (name: string, days: number) => {
      await Deno.mkdir(join(guard, name), { recursive: true, mode: 0o700 });
      const then = new Date(Date.now() - days * 24 * 3600 * 1000);
      await Deno.utime(join(guard, name), then, then);
    };
    const [stale, recent] = [`${"0".repeat(32)}-deno-2.9.5`, `${"1".repeat(32)}-deno-2.9.5`];
    const halfMade = `${stale}.${crypto.randomUUID()}.partial`;
    const plugins = `plugin-${"2".repeat(32)}`;
    const halfRemoved = `gone-${crypto.randomUUID()}`;
    for (const name of [stale, halfMade, halfRemoved, plugins, "mine"]) await aged(name, 31);
    await aged(recent, 29);
    const cacheFolder = join(root, "cache");
    const { entry, files: [folder] } = await guardScripts({ packageRoot, cacheFolder });
    assert(basename(folder!).endsWith(`-deno-${Deno.version.deno}`));
    const names = async () => (await Array.fromAsync(Deno.readDir(guard))).map(({ name }) => name).sort();
    assertEquals(await names(), [basename(folder!), "mine", plugins, recent].sort());
    // What is in the package decides the other half of the name.
    const changed = join(root, "package");
    for (const file of GUARD_FILES) {
      await Deno.mkdir(dirname(join(changed, file)), { recursive: true });
      await Deno.copyFile(new URL(file, packageRoot), join(changed, file));
    }
    const base = toFileUrl(`${changed}/`);
    const [module] = GUARD_FILES;
    await Deno.writeTextFile(join(changed, module), `${await Deno.readTextFile(join(changed, module))}// changed\n`);
    const other = await guardScripts({ packageRoot: base, cacheFolder });
    assert(other.entry !== entry);
    // Changed again under a host that goes on: what it starts guards from is still what the folder's name says.
    const [otherFolder] = other.files;
    await Deno.remove(otherFolder!, { recursive: true });
    await Deno.writeTextFile(join(changed, module), "throw 1;\n");
    assertEquals(await guardScripts({ packageRoot: base, cacheFolder }), other);
    assertStringIncludes(await Deno.readTextFile(other.entry), "// changed\n");
    // Another host, which saw no use for a month, removed it.
    await Deno.remove(folder!, { recursive: true });
    await guardScripts({ packageRoot, cacheFolder });
    assert((await Deno.stat(entry)).isFile);
  });
});

Deno.test({
  name: "a folder of guard modules that others may write to is refused",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (root) => {
      const folder = join(root, "guard", "set");
      await completeFolder(folder, (partial) => Deno.writeTextFile(join(partial, "a"), "1"));
      await completeFolder(folder, () => Promise.reject(new RangeError("it is there")));
      for (const [place, mode] of [[folder, 0o777], [folder, 0o720], [dirname(folder), 0o702]] as const) {
        await Deno.chmod(place, mode);
        const error = await assertRejects(() => completeFolder(folder, () => Promise.resolve()), CaissonError);
        assertEquals([error.code, error.subject], ["CAISSON_HOST_PERMISSION", place]);
        await Deno.chmod(place, 0o700);
      }
      if (Deno.uid() === 0) {
        await Deno.chown(dirname(folder), 1, null);
        await Deno.chown(folder, 1, null);
        await assertRejects(() => completeFolder(folder, () => Promise.resolve()), CaissonError, "others may write");
        await Deno.chown(dirname(folder), 0, null);
        await Deno.chown(folder, 0, null);
      }
      await Deno.rename(folder, `${folder}.elsewhere`);
      await Deno.symlink(`${folder}.elsewhere`, folder);
      await assertRejects(() => completeFolder(folder, () => Promise.resolve()), CaissonError, "no folder");
    }),
});

Deno.test("a guard starts though nothing can be noted or removed in the cache", async () => {
  await inFolder(async (cacheFolder) => {
    const { entry, files: [folder] } = await guardScripts({ packageRoot, cacheFolder });
    const old = new Date(Date.now() - 31 * 24 * 3600 * 1000);
    const stale = join(dirname(folder!), `${"0".repeat(32)}-deno-2.9.5`);
    await Deno.mkdir(stale);
    for (const each of [folder!, stale]) await Deno.utime(each, old, old);
    // As on a disk that is mounted for reading alone, of which Deno makes no class of error.
    const { rename, utime } = Deno;
    let refused = 0;
    Deno.rename = Deno.utime = () => Promise.reject(new Error(`Read-only file system (os error 30), ${++refused}`));
    try {
      assertEquals((await guardScripts({ packageRoot, cacheFolder })).entry, entry);
      assertEquals(refused, 1);
      await removeUnused(dirname(folder!), /^0{32}/);
      assertEquals(refused, 2);
    } finally {
      Object.assign(Deno, { rename, utime });
    }
    await removeUnused(join(cacheFolder, "none"), /./);
    await removeUnused(entry, /./);
  });
});

Deno.test("a folder that is used again after a month stays", async () => {
  await inFolder(async (cacheFolder) => {
    const { entry, files: [folder] } = await guardScripts({ packageRoot, cacheFolder });
    const old = new Date(Date.now() - 31 * 24 * 3600 * 1000);
    await Deno.utime(folder!, old, old);
    await guardScripts({ packageRoot, cacheFolder });
    await removeUnused(dirname(folder!), /./);
    assert((await Deno.stat(entry)).isFile);
  });
});

Deno.test("hosts that make the same folder at once all get a whole one, and nothing is left over", async () => {
  await inFolder(async (root) => {
    const folder = join(root, "guard", "set");
    await Promise.all([1, 2, 3].map(() =>
      completeFolder(folder, async (partial) => {
        await Deno.writeTextFile(join(partial, "a"), "1");
        await Deno.writeTextFile(join(partial, "b"), "2");
      })
    ));
    assertEquals(await filesBelow(root), [join(folder, "a"), join(folder, "b")]);
    await assertRejects(() => completeFolder(`${folder}2`, () => Promise.reject(new RangeError("full"))), RangeError);
    assertEquals((await filesBelow(root)).length, 2);
  });
});

Deno.test({
  name: "what was translated for a plugin stays while a host uses it, and goes after a month without",
  async fn() {
    if (!("launcher" in await findSandbox())) return;
    await inFolder(async (root) => {
      const folder = join(root, "plugin");
      await Deno.mkdir(folder);
      await Deno.writeTextFile(join(folder, "mod.ts"), "const a: number = 1;\n");
      const aged = async (path: string, days: number) => {
        await Deno.mkdir(path, { recursive: true, mode: 0o700 });
        const then = new Date(Date.now() - days * 24 * 3600 * 1000);
        await Deno.utime(path, then, then);
      };
      const inUse = await translatedModules({ plugin: plugin(folder), cacheFolder: join(root, "first") });
      const guard = join(root, "second", "guard");
      const [used, stale, recent] = [basename(inUse), `plugin-${"0".repeat(32)}`, `plugin-${"1".repeat(32)}`];
      const halfMade = `${stale}.${crypto.randomUUID()}.partial`;
      for (const name of [used, stale, halfMade, "gone", "set-deno-2"]) await aged(join(guard, name), 31);
      await aged(join(guard, recent), 29);
      const cacheFolder = join(root, "second");
      await Promise.all([1, 2, 3].map(() => translatedModules({ plugin: plugin(folder), cacheFolder })));
      const left = (await Array.fromAsync(Deno.readDir(guard))).map(({ name }) => name).sort();
      assertEquals(left, [used, recent, "gone", "set-deno-2"].sort());
    });
  },
});

Deno.test({
  name: "a plugin's modules are translated without being run, again when one was saved, and nothing outside is read",
  async fn() {
    if (!("launcher" in await findSandbox())) return;
    await inFolder(async (root) => {
      const folder = join(root, "plugin");
      const cacheFolder = join(root, "cache");
      await Deno.mkdir(folder);
      await Deno.writeTextFile(join(root, "outside.ts"), "export const secret: number = 1;\n");
      const module = join(folder, "mod.ts");
      const ran = join(folder, "ran");
      await Deno.writeTextFile(module, `Deno.writeTextFileSync(${JSON.stringify(ran)}, "");\nconst a: number = 1;\n`);
      const first = await translatedModules({ plugin: plugin(folder), cacheFolder });
      const [translated, ...others] = await filesBelow(first);
      assertEquals(others, []);
      assert(!(await Deno.readTextFile(translated!)).includes(": number"));
      await assertRejects(() => Deno.stat(ran), Deno.errors.NotFound);
      assertEquals(await translatedModules({ plugin: plugin(folder), cacheFolder }), first);
      await Deno.writeTextFile(module, `export { secret } from "../outside.ts";\nconst more: string = "";\n`);
      const second = await translatedModules({ plugin: plugin(folder), cacheFolder });
      assert(second !== first);
      assertEquals((await filesBelow(second)).filter((file) => file.includes("outside")), []);
      await Deno.remove(module);
      await Deno.writeTextFile(join(folder, "mod.js"), "");
      assertEquals(await translatedModules({ plugin: plugin(folder), cacheFolder }), NO_FOLDER);
    });
  },
});
