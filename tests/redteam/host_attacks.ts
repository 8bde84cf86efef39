/** Attacks with files: manifests, grants, locks and packages, before any code of a plugin runs. @module */
import { join } from "@std/path";
import { installedPlugins } from "../../runtime/installed_plugins.ts";
import { CaissonError, type CaissonError as Refusal } from "../../runtime/errors/caisson_error.ts";
import { noGrants } from "../../permissions/grants.ts";
import { auditLine } from "../../permissions/audit_line.ts";
import { Runtime } from "../../runtime/runtime.ts";
import { Repository } from "../../runtime/repository.ts";
import { type InstallFixture, installFixture, name } from "../store/install_fixture.ts";
import { plainModule } from "../manifest/plugin_folder.ts";
import type { Outcome } from "./attack.ts";

/** One attack with files. */
export interface HostAttack {
  readonly id: string;
  readonly title: string;
  /** Whether it gets through where files are read in the obvious way. */
  readonly works: (fixture: InstallFixture) => Promise<boolean> | boolean;
  /** Tries it; what it throws is what refused it. A text says what was taken. */
  readonly attempt: (fixture: InstallFixture) => Promise<string | undefined>;
}

/** Registers the plugin's folder itself, as a developer would. */
async function discover(fixture: InstallFixture, grants?: unknown): Promise<undefined> {
  const file = join(fixture.folder, "caisson.grants.json");
  if (grants !== undefined) {
    await Deno.writeTextFile(file, typeof grants === "string" ? grants : JSON.stringify(grants));
  }
  const runtime = new Runtime({ plugins: [fixture.plugin], ...(grants === undefined ? {} : { grants: file }) });
  const { refused } = await runtime.discover();
  if (refused[0] !== undefined) throw refused[0].error;
}

const naive = async (fixture: InstallFixture): Promise<Record<string, unknown>> =>
  JSON.parse(await Deno.readTextFile(join(fixture.plugin, "plugin.json")));

async function manifestText(fixture: InstallFixture, edit: (text: string) => string): Promise<void> {
  const file = join(fixture.plugin, "plugin.json");
  await Deno.writeTextFile(file, edit(await Deno.readTextFile(file)));
}

/** A manifest edited as text: what the obvious parser makes of it, and what registering says. */
function manifestAttack(
  id: string,
  title: string,
  edit: (text: string) => string,
  fooled: (manifest: Record<string, unknown>) => boolean,
): HostAttack {
  return {
    id,
    title,
    works: async (fixture) => {
      await manifestText(fixture, edit);
      return fooled(await naive(fixture));
    },
    attempt: async (fixture) => {
      await manifestText(fixture, edit);
      await discover(fixture);
      return "a registered plugin";
    },
  };
}

/** A package with something in it that a copy of the folder would take along. */
function packageAttack(id: string, title: string, spoil: (fixture: InstallFixture) => Promise<unknown>): HostAttack {
  return {
    id,
    title,
    works: async (fixture) => {
      await spoil(fixture);
      return (await Array.fromAsync(Deno.readDir(fixture.plugin))).length > 2 ||
        (await Deno.readTextFile(join(fixture.plugin, "mod.ts"))) !== plainModule;
    },
    attempt: async (fixture) => {
      await spoil(fixture);
      await fixture.install();
      return "an installed package";
    },
  };
}

/** A grant file that reads harmlessly in the obvious way, or that grants everything by accident. */
function grantAttack(id: string, title: string, text: string): HostAttack {
  return {
    id,
    title,
    works: () => typeof JSON.parse(text) === "object",
    attempt: async (fixture) => {
      await discover(fixture, text);
      return "a grant file in force";
    },
  };
}

/** Everything of an installed plugin that can be changed behind the host's back. */
function storeAttack(
  id: string,
  title: string,
  swap: (folder: string, fixture: InstallFixture) => Promise<unknown>,
): HostAttack {
  return {
    id,
    title,
    works: async (fixture) => {
      const before = await Deno.readTextFile(join(fixture.plugin, "mod.ts"));
      await swap(fixture.plugin, fixture);
      const after = await Deno.readTextFile(join(fixture.plugin, "mod.ts")).catch(() => "");
      return after !== before || (await Array.fromAsync(Deno.readDir(fixture.plugin))).length > 2;
    },
    attempt: async (fixture) => {
      await fixture.install();
      const repository = new Repository();
      await repository.registerAll(await installedPlugins(fixture.places), noGrants());
      const plugin = repository.registered[0]!;
      await Deno.chmod(plugin.package.folder, 0o700);
      await Deno.chmod(join(plugin.package.folder, "mod.ts"), 0o600);
      await swap(plugin.package.folder, fixture);
      await repository.verifyUnchanged(plugin);
      return "other code, registered as approved";
    },
  };
}

const grants = (plugin: unknown) => JSON.stringify({ grants: 1, plugins: { [name]: plugin } });

/** All of them. */
export const hostAttacks: readonly HostAttack[] = [
  manifestAttack(
    "manifest-duplicate-keys",
    "a manifest that names its module twice (66)",
    (text) => text.replace("{", '{"module": "./other.ts",'),
    ({ module }) => module === "./mod.ts",
  ),
  manifestAttack(
    "manifest-prototype",
    "a manifest with the key __proto__ (66)",
    (text) => text.replace("{", '{"__proto__": {"permissions": {"run": true}},'),
    (manifest) => Object.hasOwn(manifest, "__proto__"),
  ),
  manifestAttack(
    "manifest-unknown-key",
    "a manifest with a key of tomorrow (66)",
    (text) => text.replace("{", '{"trusted": true,'),
    ({ trusted }) => trusted === true,
  ),
  manifestAttack(
    "manifest-10-megabytes",
    "a manifest of 10 MB",
    (text) => text.replace("{", `{"description": "${"x".repeat(10 << 20)}",`),
    ({ name }) => name !== undefined,
  ),
  manifestAttack(
    "manifest-deep",
    "a manifest nested 5,000 deep",
    (text) => text.replace("{", `{"x": ${"[".repeat(5000)}${"]".repeat(5000)},`),
    ({ x }) => Array.isArray(x),
  ),
  manifestAttack(
    "manifest-run",
    "a manifest that asks for run (66)",
    (text) => text.replace("{", '{"permissions": {"run": ["sh"], "reasons": {"run": "needed"}},'),
    ({ permissions }) => permissions !== undefined,
  ),
  manifestAttack(
    "manifest-wildcard",
    "a manifest that asks for every host below a name (29)",
    (text) => text.replace("{", '{"permissions": {"net": ["*.example.com"], "reasons": {"net": "needed"}},'),
    ({ permissions }) => permissions !== undefined,
  ),
  manifestAttack(
    "manifest-traversal",
    "a module outside the plugin's folder (66)",
    (text) => text.replace("./mod.ts", "../outside.ts"),
    ({ module }) => module === "../outside.ts",
  ),
  manifestAttack(
    "manifest-name",
    "a name that draws on the terminal (59)",
    (text) => text.replace(name, "@acme/\\u001b[2Jtrusted"),
    ({ name }) => String(name).includes("\u001b"),
  ),
  {
    id: "module-link",
    title: "a module that is a link to a file outside (17)",
    works: async (fixture) => {
      await linkModule(fixture);
      return (await Deno.readTextFile(join(fixture.plugin, "mod.ts"))).includes("outside");
    },
    attempt: async (fixture) => {
      await linkModule(fixture);
      await discover(fixture);
      return "a registered plugin";
    },
  },
  packageAttack(
    "package-npmrc",
    "a package with an .npmrc (10)",
    ({ write }) => write(".npmrc", "registry=http://evil.example"),
  ),
  packageAttack(
    "package-import-map",
    "a package with an import map (11)",
    ({ write }) => write("deno.json", { imports: { a: "./b.ts" } }),
  ),
  packageAttack(
    "package-unstable",
    "a package that switches features on (11)",
    ({ write }) => write("deno.json", { unstable: ["ffi"] }),
  ),
  packageAttack(
    "package-script",
    "a package with an install script",
    ({ write }) => write("package.json", { scripts: { postinstall: "sh" } }),
  ),
  packageAttack(
    "package-modules",
    "a package with node_modules (14)",
    ({ write }) => write("node_modules/a/index.js", ""),
  ),
  packageAttack(
    "package-npm",
    "code that imports from npm (8)",
    ({ write }) => write("mod.ts", `import "npm:left-pad";\n${plainModule}`),
  ),
  packageAttack(
    "package-link",
    "a package with a link (17)",
    ({ plugin }) => Deno.symlink("/etc/passwd", join(plugin, "odd")),
  ),
  packageAttack("package-case", "names that differ in case alone (22)", async ({ write }) => {
    await write("a.ts", "1");
    await write("A.ts", "2");
  }),
  packageAttack(
    "package-direction",
    "a name that turns its end around (59)",
    ({ write }) => write("a\u202ets.exe", ""),
  ),
  storeAttack(
    "store-module",
    "a module swapped between check and load (68)",
    (folder) => Deno.writeTextFile(join(folder, "mod.ts"), "hostile"),
  ),
  storeAttack(
    "store-file",
    "a file more between check and load (68)",
    (folder) => Deno.writeTextFile(join(folder, "more.ts"), "hostile"),
  ),
  storeAttack("store-link", "a module that becomes a link between check and load (68)", async (folder) => {
    await Deno.remove(join(folder, "mod.ts"));
    await Deno.symlink("/etc/passwd", join(folder, "mod.ts"));
  }),
  {
    id: "lock-requests",
    title: "a lock edited to say that more was requested (66)",
    works: () => true,
    attempt: async (fixture) => {
      await fixture.install();
      const text = await Deno.readTextFile(fixture.places.lock);
      await Deno.writeTextFile(fixture.places.lock, text.replace('"requests": [', '"requests": [ "net evil.com:1",'));
      const { refusals } = await installedPlugins(fixture.places);
      if (refusals[0] !== undefined) throw refusals[0].error;
      return "an edited lock in force";
    },
  },
  {
    id: "lock-downgrade",
    title: "an older approved version with a known hole (67)",
    works: async (fixture) => {
      await fixture.version("0.9.0");
      return (await naive(fixture))["version"] === "0.9.0";
    },
    attempt: async (fixture) => {
      await fixture.install();
      await fixture.version("0.9.0");
      await fixture.install();
      return "the older version";
    },
  },
  {
    id: "update-widens",
    title: "an update that asks for more and runs at once (67)",
    works: async (fixture) => {
      await fixture.version("1.1.0", { permissions: { net: ["evil.com:443"], reasons: { net: "r" } } });
      return (await naive(fixture))["permissions"] !== undefined;
    },
    attempt: async (fixture) => {
      const old = (await fixture.install()).version.hash;
      await fixture.version("1.1.0", { permissions: { net: ["evil.com:443"], reasons: { net: "r" } } });
      const { state } = await fixture.install();
      const running = (await installedPlugins(fixture.places)).packages[0]!.treeHash;
      if (state === "pending" && running === old) throw pending();
      return "the new version";
    },
  },
  grantAttack("grants-everything", "a grant of all of net (66)", grants({ permissions: { net: true } })),
  grantAttack("grants-run", "a grant of run (66)", grants({ permissions: { run: ["sh"] } })),
  grantAttack("grants-misspelt", "a misspelt key, which would mean no limit (65)", grants({ permission: {} })),
  grantAttack("grants-wildcard", "a wildcard in a grant (29)", grants({ permissions: { net: ["*:443"] } })),
  grantAttack(
    "grants-twice",
    "a plugin granted twice (66)",
    `{"grants":1,"plugins":{"${name}":{},"${name}":{"isolation":"worker"}}}`,
  ),
  grantAttack(
    "grants-prototype",
    "a plugin called __proto__ (66)",
    '{"grants":1,"plugins":{"__proto__":{"isolation":"worker"}}}',
  ),
  {
    id: "audit-newline",
    title: "a record that poses as two (71)",
    works: () => `reason: ${'x\n{"kind":"approve"}'}`.split("\n").length === 2,
    attempt: async () => {
      const line = auditLine(
        {
          time: "2026-01-01T00:00:00.000Z",
          sequence: 1,
          pid: 1,
          kind: "refusal",
          plugin: 'x\n{"kind":"approve"}\u001b[2J\u202e',
        } as unknown as Parameters<typeof auditLine>[0],
      );
      // deno-lint-ignore no-control-regex -- they are what must not be there
      if (/[\n\u001b\u202e]/.test(line)) return await Promise.resolve("a second record");
      throw new CaissonError("CAISSON_AUDIT_FAILED", { subject: "audit log", found: "one line, escaped" });
    },
  },
];

async function linkModule(fixture: InstallFixture): Promise<void> {
  await Deno.writeTextFile(join(fixture.folder, "outside.ts"), `// outside\n${plainModule}`);
  await Deno.remove(join(fixture.plugin, "mod.ts"));
  await Deno.symlink(join(fixture.folder, "outside.ts"), join(fixture.plugin, "mod.ts"));
}

function pending(): Refusal {
  return new CaissonError("CAISSON_APPROVAL_REFUSED", { subject: name, found: "an update that waits for approval" });
}

/** Runs an attack with files. */
export async function attackHost(attack: HostAttack): Promise<Outcome> {
  const { id, title } = attack;
  const place = "host";
  let works: boolean;
  {
    await using fixture = await installFixture();
    works = await attack.works(fixture);
  }
  await using fixture = await installFixture();
  try {
    const taken = await attack.attempt(fixture);
    return { id, title, place, state: "escaped", by: `it took ${taken}`, works };
  } catch (error) {
    if (!(error instanceof CaissonError)) throw error;
    return { id, title, place, state: "refused", by: error.code, works };
  }
}
