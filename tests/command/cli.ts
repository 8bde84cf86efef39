/** Runs the command line as its user would: as a process of its own, in another folder. */
import { fromFileUrl } from "@std/path";

const root = fromFileUrl(new URL("../../", import.meta.url));

/** What a run left behind. */
export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run it. */
export interface CliOptions {
  readonly cwd: string;
  /** Flags of `deno run`. @default {none: no permission at all} */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** The words that start the command line, for `Deno.Command`. */
export function cliArgs(words: readonly string[], flags: readonly string[] = []): string[] {
  return ["run", "--quiet", "--no-prompt", "--config", `${root}deno.json`, ...flags, `${root}main.ts`, ...words];
}

/** Runs `caisson` with these words. */
export async function caisson(words: readonly string[], options: CliOptions): Promise<CliResult> {
  const { cwd, flags = [], env = {} } = options;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: cliArgs(words, flags),
    cwd,
    env,
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** The `deno run` line that stands in a message or is one, as arguments for `caisson`. */
export function lineFlags(text: string): { readonly flags: string[]; readonly words: string[] } {
  const line = /deno run (.*)/.exec(text)?.[1] ?? "";
  const all = [...line.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2]!);
  const program = all.findIndex((word) => word.endsWith("main.ts"));
  return { flags: all.slice(0, program), words: all.slice(program + 1) };
}

/** Runs with a new empty folder. */
export async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "caisson-cli-" }));
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Writes files below a folder; values that are no text become JSON. */
export async function writeFiles(folder: string, files: Readonly<Record<string, unknown>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const file = `${folder}/${path}`;
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(file, typeof content === "string" ? content : JSON.stringify(content));
  }
}

/** A flow that keeps errors, with its input. */
export const errorsFlow: Readonly<Record<string, unknown>> = {
  "flow.json": {
    name: "errors",
    connectors: {
      log: { type: "file", config: { path: "app.ndjson" }, preprocessors: ["separate"] },
      errors: { type: "file", config: { path: "errors.ndjson" }, postprocessors: ["separate"] },
    },
    pipelines: { main: [{ filter: ["==", ["field", "level"], "error"] }] },
    links: [{ from: "log", to: "main" }, { from: "main", to: "errors" }],
  },
  "app.ndjson": '{"level":"error","n":1}\n{"level":"info","n":2}\n{"level":"error","n":3}\n',
};
