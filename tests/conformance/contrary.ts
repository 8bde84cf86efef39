/** Runs the kit over a plugin that is wrong on purpose. */
import { fromFileUrl, join } from "@std/path";
import { buildPlugin } from "../../ffi/build.ts";
import { checkConformance, type ConformanceReport } from "../../mod.ts";
import type { ComponentKind } from "../../runtime/manifest/manifest.ts";

const provision = (kind: ComponentKind): Record<string, unknown> => ({
  kind,
  name: kind,
  interface: `${kind}@1.0`,
  config: { type: "object", required: ["mode"], properties: { mode: { type: "string" } } },
});

const common = { manifest: 1, name: "@caisson/contrary", version: "0.1.0", runtime: "^0.1.0", license: "MIT" };

/** In C the codec reads letters, and the preprocessor passes on what it gets. */
const inC: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  codec: { samples: ["one", "four", "fifteen"] },
  preprocessor: { samples: ["one", "four", "fifteen"], pieces: "whole" },
};

/** A folder with a copy of the fixture, removed with it. */
export class Contrary implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** The plugin in TypeScript, with one component. */
  static async inTypeScript(kind: ComponentKind): Promise<Contrary> {
    const contrary = new Contrary(await Deno.makeTempDir());
    await contrary.#copy("contrary/mod.ts");
    await contrary.write("plugin.json", { ...common, provides: [provision(kind)], module: "./mod.ts" });
    return contrary;
  }

  /** The plugin in C, built, with all of its components. */
  static async inC(): Promise<Contrary> {
    const contrary = new Contrary(await Deno.makeTempDir());
    await contrary.#copy("contrary_c/contrary.c");
    await contrary.write("plugin.json", {
      ...common,
      provides: ["source", "sink", "processor", "codec", "preprocessor", "postprocessor"].map((kind) =>
        provision(kind as ComponentKind)
      ),
      native: { abi: "1.0", build: { language: "c", sources: ["contrary.c"] } },
    });
    await buildPlugin({ folder: contrary.folder });
    return contrary;
  }

  async #copy(file: string): Promise<void> {
    const from = fromFileUrl(import.meta.resolve(`./fixtures/${file}`));
    await Deno.copyFile(from, join(this.folder, file.slice(file.indexOf("/") + 1)));
  }

  /** Writes a JSON file into the folder. */
  async write(name: string, value: unknown): Promise<void> {
    await Deno.writeTextFile(join(this.folder, name), JSON.stringify(value));
  }

  /** Runs the kit with one component in this mode, the others as they should be. */
  async check(
    kind: ComponentKind,
    mode: string,
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<ConformanceReport> {
    const { provides } = JSON.parse(await Deno.readTextFile(join(this.folder, "plugin.json"))) as {
      provides: readonly { readonly name: string }[];
    };
    const components = Object.fromEntries(
      provides.map(({ name }) => [name, { ...(this.#native ? inC[name] : {}), config: { mode: "good" } }]),
    );
    components[kind] = {
      ...components[kind],
      config: { mode },
      ...more,
      ...(mode === "pieces" ? { pieces: "any" } : {}),
    } as never;
    await this.write("conformance.json", { components });
    const isolations = this.#inProcess();
    // Only what hangs is waited for in vain; everything else may take as long as a slow machine needs.
    const hangs = /^(never|hang|slow)/.test(mode);
    const limit = { ...(hangs ? { deadlineMs: 3000 } : {}), failFast: mode !== "good" };
    // All of a plugin that is as it should be; of one that is not, only what is wrong.
    const only = mode === "good" ? {} : { components: [kind] };
    return await checkConformance({ folder: this.folder, isolations, ...only, ...limit });
  }

  #inProcess(): readonly ("worker" | "native")[] {
    return this.#native ? ["native"] : ["worker"];
  }

  get #native(): boolean {
    try {
      return Deno.statSync(join(this.folder, "dist")).isDirectory;
    } catch {
      return false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** The checks that did not pass: `check: detail`. */
export function failures({ checks }: ConformanceReport): string[] {
  return checks.filter(({ ok }) => !ok).map(({ check, detail }) => `${check}: ${detail}`);
}
