/** Executes a page of the docs as its reader would: files are written, commands are run, output is compared. */
import { dirname, join } from "@std/path";

/** One fenced block of a page. */
export interface Block {
  /** Line the block begins in. */
  readonly line: number;
  /** `file`: its info string names one. `command`: `sh`. `output`: `text`, of the command before. */
  readonly kind: "file" | "command" | "output" | "other";
  /** Name of the file, or expected exit code. */
  readonly argument: string;
  /** What is inside the fence. */
  readonly body: string;
}

/** Reads the fenced blocks of a page. Files are ```` ```ts main.ts ````, commands ```` ```sh ```` or ```` ```sh exit=4 ````. */
export function parsePage(markdown: string): Block[] {
  const blocks: Block[] = [];
  const lines = markdown.split("\n");
  for (let index = 0; index < lines.length; index++) {
    const fence = /^(`{3,})(\S*)\s*(.*)$/.exec(lines[index]!);
    if (fence === null) continue;
    const start = index + 1;
    for (
      index = start;
      index < lines.length && lines[index] !== fence[1];
      index++
    );
    const [, , language = "", argument = ""] = fence;
    const kind = language === "sh"
      ? "command"
      : language === "text"
      ? "output"
      : argument !== "" && !argument.includes("=")
      ? "file"
      : "other";
    blocks.push({
      line: start,
      kind,
      argument: argument.trim(),
      body: lines.slice(start, index).join("\n") + "\n",
    });
  }
  return blocks;
}

/** What a page needs around it. */
export interface PageOptions {
  /** Folder to work in; empty. */
  readonly folder: string;
  /** Environment for commands. */
  readonly env: Record<string, string>;
  /** Longest a command may take, milliseconds. @default {60000} */
  readonly timeoutMs?: number;
  /** Whether a `text` block is all a command writes to standard output, not lines of what it writes. @default {false} */
  readonly exact?: boolean;
}

/** Runs every block in order. @throws {AssertionError} naming the line of the page that did not hold */
export async function executePage(
  name: string,
  blocks: readonly Block[],
  options: PageOptions,
): Promise<number> {
  let output: Output = { stdout: "", stderr: "" };
  let commands = 0;
  for (const block of blocks) {
    const where = `${name}:${block.line}`;
    if (block.kind === "file") {
      const file = join(options.folder, block.argument);
      await Deno.mkdir(dirname(file), { recursive: true });
      await Deno.writeTextFile(file, block.body);
    } else if (block.kind === "command") {
      commands++;
      output = await runCommand(where, block, options);
    } else if (block.kind === "output" && options.exact === true) {
      if (output.stdout === block.body) continue;
      throw new PageError(
        `${where}: the page says ${JSON.stringify(block.body)}; the output was:\n${output.stdout}${output.stderr}`,
      );
    } else if (block.kind === "output") {
      const all = output.stdout + output.stderr;
      for (const line of block.body.split("\n")) {
        const wanted = line.trim();
        if (wanted === "" || wanted === "…" || all.includes(wanted)) {
          continue;
        }
        throw new PageError(
          `${where}: the output lacks ${JSON.stringify(wanted)}; it was:\n${all}`,
        );
      }
    }
  }
  return commands;
}

/** What a command wrote. */
interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** A page that does not do what it says. */
export class PageError extends Error {
  override readonly name = "PageError";
}

async function runCommand(
  where: string,
  block: Block,
  { folder, env, timeoutMs = 60_000 }: PageOptions,
): Promise<Output> {
  const expected = Number(/exit=(\d+)/.exec(block.argument)?.[1] ?? 0);
  const child = new Deno.Command("sh", {
    args: ["-euc", block.body],
    cwd: folder,
    env,
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(timeoutMs),
  });
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  const output = { stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  if (code !== expected) {
    throw new PageError(
      `${where}: exit code ${code}, the page says ${expected}; output:\n${output.stdout}${output.stderr}`,
    );
  }
  return output;
}
