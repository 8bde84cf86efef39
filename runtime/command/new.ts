/** `caisson new plugin NAME`. @module */
import { dirname, join, resolve } from "@std/path";
import { CaissonError } from "../errors/caisson_error.ts";
import { quote } from "../manifest/untrusted_text.ts";
import type { Invocation, Outcome } from "./command.ts";
import { requireNeeds } from "./host_need.ts";
import { usage } from "./parse_words.ts";
import type { TemplateFiles, TemplateKind } from "./templates/example.ts";

/** Creates a plugin. */
export async function execute(invocation: Invocation): Promise<Outcome> {
  const [what = "", name = ""] = invocation.positionals;
  const command = { name: "new" };
  if (what !== "plugin") throw usage(command, quote(what), "plugin: caisson new plugin --ts NAME");
  if (!/^[a-z][a-z0-9_]{0,46}$/.test(name)) {
    throw usage(command, `the name ${quote(name)}`, "a-z, 0-9 and _, starting with a letter, at most 47 characters");
  }
  const kind = invocation.text("kind") ?? "source";
  if (!isKind(kind)) throw usage(command, `--kind ${quote(kind)}`, "source, sink");
  const typescript = invocation.flag("ts");
  if (typescript === invocation.flag("c")) {
    throw usage(command, typescript ? "both --ts and --c" : "neither --ts nor --c", "one of them");
  }
  const folder = resolve(name);
  const { program, words } = invocation;
  requireNeeds([{ key: "write", value: folder, reason: "the new plugin" }], { program, words });
  const files = typescript
    ? (await import("./templates/typescript.ts")).typescriptFiles({ name, kind })
    : (await import("./templates/c.ts")).cFiles({ name, kind });
  await write(folder, files);
  const next = [...(typescript ? [] : [`caisson build ${name}`]), `caisson check ${name}`];
  return {
    exit: 0,
    text: [
      `Created ${name}/ with ${Object.keys(files).join(", ")}`,
      `Next: ${next.join("; ")}; ${name}/README.md has the rest.`,
    ].join("\n"),
    document: { folder, files: Object.keys(files), next },
  };
}

function isKind(text: string): text is TemplateKind {
  return text === "source" || text === "sink";
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
