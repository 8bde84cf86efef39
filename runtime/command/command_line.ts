/** From the words of a command line to an exit code. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import { errorDocument } from "../errors/error_document.ts";
import { hostVersions } from "../manifest/host_versions.ts";
import { didYouMean } from "../manifest/schema_issue.ts";
import { quote } from "../manifest/untrusted_text.ts";
import type { Outcome } from "./command.ts";
import { commands } from "./commands.ts";
import { escapeControls } from "./escape_controls.ts";
import { commandHelp, generalHelp } from "./help.ts";
import { parseWords } from "./parse_words.ts";
import { asCaissonError, formatErrors } from "./print_error.ts";
import { standardError, standardOutput } from "./terminal.ts";

/**
 * Runs one command and says how it went. Never throws and never ends the process.
 *
 * @param words everything after `caisson`
 * @param program URL of the module this was started from, for lines that say how to start it
 * @returns the exit code: 0 done, 1 failure, 2 usage, 3 refused plugin, 4 missing permission
 */
export async function runCommandLine(words: readonly string[], program: string): Promise<number> {
  const json = words.includes("--json");
  try {
    const { exit, text, document, stream = "stdout" } = await dispatch(words, program);
    const answer = json ? JSON.stringify(document, undefined, 2) : text;
    (stream === "stdout" ? standardOutput : standardError).write(`${answer}\n`);
    return exit;
  } catch (thrown) {
    const error = asCaissonError(thrown);
    if (json) standardOutput.write(`${JSON.stringify(errorDocument(error), undefined, 2)}\n`);
    else standardError.write(`${formatErrors(error, standardError.colour)}\n`);
    return error.exitCode;
  }
}

async function dispatch(words: readonly string[], program: string): Promise<Outcome> {
  const at = words.findIndex((word) => !word.startsWith("-"));
  const name = words[at];
  if (name === "help" || name === undefined) {
    return await help(
      words,
      words.slice(at + 1).find((word) => !word.startsWith("-")),
    );
  }
  if (name === "version") return version();
  const command = commands.find((each) => each.name === name);
  if (command === undefined) throw unknownCommand(name);
  const invocation = parseWords(command, words.toSpliced(at, 1), {
    words,
    program,
    note: (line) => standardError.write(`${escapeControls(line)}\n`),
  });
  if (invocation.flag("help")) return { exit: 0, text: commandHelp(command), document: command };
  return await (await command.load()).execute(invocation);
}

async function help(words: readonly string[], name: string | undefined): Promise<Outcome> {
  if (words[0] === "--version" || words[0] === "-V") return version();
  if (words[0] === "help" && words.includes("--markdown")) {
    const page = (await import("./reference_page.ts")).referencePage();
    return { exit: 0, text: page.trimEnd(), document: { page } };
  }
  if (words[0] === "help" && name !== undefined) {
    const command = commands.find((each) => each.name === name);
    if (command === undefined) throw unknownCommand(name);
    return { exit: 0, text: commandHelp(command), document: command };
  }
  const asked = words.every((word) => ["help", "--help", "-h", "--json"].includes(word)) &&
    words.some((word) => word !== "--json");
  if (asked) return { exit: 0, text: generalHelp(), document: { commands } };
  const unknown = words.find((word) => word !== "--json");
  if (unknown === undefined) standardError.write(`${generalHelp()}\n\n`);
  throw new CaissonError("CAISSON_USAGE", {
    subject: "caisson",
    found: unknown === undefined ? "no command" : `the option ${quote(unknown)} without a command`,
    allowed: commands.map((each) => each.name).join(", "),
  });
}

function unknownCommand(name: string): CaissonError {
  const known = [...commands.map((each) => each.name), "help", "version"];
  const meant = didYouMean(name, known);
  return new CaissonError("CAISSON_USAGE", {
    subject: "caisson",
    found: `the unknown command ${quote(name)}`,
    allowed: known.join(", "),
    action: meant === undefined ? "Run caisson help." : `Did you mean caisson ${meant}?`,
  });
}

function version(): Outcome {
  const { runtime, interfaces, abi } = hostVersions;
  const document = {
    caisson: runtime,
    interfaces,
    abi,
    deno: Deno.version.deno,
    platform: `${Deno.build.os}-${Deno.build.arch}`,
  };
  const offered = Object.entries(interfaces).map(([name, at]) => `${name}@${at}`).join(", ");
  const lines = [
    `caisson ${runtime}`,
    `interfaces ${offered}`,
    `C ABI ${abi}`,
    `deno ${document.deno} (${document.platform})`,
  ];
  return { exit: 0, text: lines.join("\n"), document };
}
