/** `caisson new plugin NAME`. @module */
import { dirname, join, resolve } from "@std/path";
import { CaissonError } from "../errors/caisson_error.ts";
import { quote } from "../manifest/untrusted_text.ts";
import type { Invocation, Outcome } from "./command.ts";
import { requireNeeds } from "./host_need.ts";
import { usage } from "./parse_words.ts";
import type { TemplateFiles, TemplateKind, TemplateOptions } from "./templates/example.ts";

const LANGUAGES = ["ts", "c", "rust"] as const;
const KINDS: readonly TemplateKind[] = ["source", "processor", "sink"];

/** Creates a plugin. */
export async function execute(invocation: Invocation): Promise<Outcome> {
  const [what = "", name = ""] = invocation.positionals;
  const command = { name: "new" };
  if (what !== "plugin") throw usage(command, quote(what), "plugin: caisson new plugin --ts NAME");
  if (!/^[a-z][a-z0-9_]{0,46}$/.test(name)) {
    throw usage(command, `the name ${quote(name)}`, "a-z, 0-9 and _, starting with a letter, at most 47 characters");
  }
  const kind = invocation.text("kind") ?? "source";
  if (!isKind(kind)) throw usage(command, `--kind ${quote(kind)}`, KINDS.join(", "));
  const [language, second] = LANGUAGES.filter((each) => invocation.flag(each));
  if (language === undefined || second !== undefined) {
    const found = language === undefined ? "no language" : `--${language} and --${second}`;
    throw usage(command, found, `one of --${LANGUAGES.join(", --")}`);
  }
  const folder = resolve(name);
  const { program, words } = invocation;
  requireNeeds([{ key: "write", value: folder, reason: "the new plugin" }], { program, words });
  const files = await filesIn(language, { name, kind });
  await write(folder, files);
  const next = [...(language === "ts" ? [] : [`caisson build ${name}`]), `caisson check ${name}`];
  return {
    exit: 0,
    text: [
      `Created ${name}/ with ${Object.keys(files).join(", ")}`,
      `Next: ${next.join("; ")}; ${name}/README.md has the rest.`,
    ].join("\n"),
    document: { folder, files: Object.keys(files), next },
  };
}

async function filesIn(language: typeof LANGUAGES[number], options: TemplateOptions): Promise<TemplateFiles> {
  switch (language) {
    case "ts":
      return (await import("./templates/typescript.ts")).typescriptFiles(options);
    case "c":
      return (await import("./templates/c.ts")).cFiles(options);
    case "rust":
      return (await import("./templates/rust.ts")).rustFiles(options);
  }
}

function isKind(text: string): text is TemplateKind {
  return (KINDS as readonly string[]).includes(text);
}

async function write(folder: string, files: TemplateFiles): Promise<void> {
  try {
    await Deno.mkdir(folder);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.AlreadyExists)) throw cause;
    throw new CaissonError("CAISSON_FOLDER_EXISTS", {
      subject: folder,
      found: "it is there already",
      allowed: "a name that is not taken",
      cause,
    });
  }
  for (const [path, content] of Object.entries(files)) {
    const file = join(folder, path);
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.writeTextFile(file, content, { createNew: true });
  }
}
