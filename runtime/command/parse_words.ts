/** Makes an invocation of the words of a command line. @module */
import { parseArgs } from "node:util";
import { CaissonError } from "../errors/caisson_error.ts";
import { didYouMean } from "../manifest/schema_issue.ts";
import { quote } from "../manifest/untrusted_text.ts";
import type { Command, Invocation } from "./command.ts";
import { commonOptions } from "./commands.ts";
import { usageOf } from "./help.ts";

/** What does not depend on the command. */
export interface Surroundings {
  /** Everything after `caisson`. */
  readonly words: readonly string[];
  /** URL of the module the command line was started from. */
  readonly program: string;
  /** Writes a line for people. */
  note(line: string): void;
}

/**
 * Checks the words after a command's name.
 *
 * @throws {CaissonError} `CAISSON_USAGE`
 */
export function parseWords(command: Command, args: readonly string[], around: Surroundings): Invocation {
  const options = { ...command.options, ...commonOptions };
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(options).map((
        [name, { kind }],
      ) => [
        name,
        { type: kind === "flag" ? "boolean" : "string", ...(name === "help" ? { short: "h" } : {}) } as const,
      ]),
    ),
  });
  const values = new Map<string, string[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined) throw unknownOption(command, token.rawName, Object.keys(options));
    if (option.kind === "flag" && token.value !== undefined) {
      throw usage(command, `a value for --${token.name}`, "none");
    }
    // `--grants --json` would take --json for the file's name.
    const missing = token.value === undefined || token.value === "" ||
      (!token.inlineValue && token.value.startsWith("--"));
    if (option.kind === "text" && missing) {
      throw usage(command, `no value for --${token.name}`, `--${token.name} ${option.value}`);
    }
    const given = values.get(token.name) ?? [];
    if (given.length > 0 && option.kind === "text" && option.many !== true) {
      throw usage(command, `--${token.name} twice`, "once");
    }
    values.set(token.name, [...given, token.value ?? ""]);
  }
  if (!values.has("help")) checkArguments(command, positionals);
  return {
    ...around,
    positionals,
    text: (name) => values.get(name)?.[0],
    list: (name) => values.get(name) ?? [],
    flag: (name) => values.has(name),
  };
}

function checkArguments(command: Command, positionals: readonly string[]): void {
  const wanted = command.arguments;
  const missing = wanted[positionals.length];
  if (missing !== undefined && missing.optional !== true) {
    throw usage(command, `no ${missing.name}`, missing.description);
  }
  if (positionals.length > wanted.length && wanted.at(-1)?.many !== true) {
    throw usage(command, `one argument too many: ${quote(positionals[wanted.length]!)}`, usageOf(command));
  }
}

function unknownOption(command: Command, written: string, known: readonly string[]): CaissonError {
  const meant = didYouMean(written.replace(/^-+/, ""), known);
  return new CaissonError("CAISSON_USAGE", {
    subject: `caisson ${command.name}`,
    found: `the unknown option ${quote(written)}`,
    allowed: known.map((name) => `--${name}`).join(", "),
    action: meant === undefined
      ? `Run caisson ${command.name} --help.`
      : `Did you mean --${meant}? caisson ${command.name} --help shows every option.`,
  });
}

/** An error in how a command was written. */
export function usage(command: Pick<Command, "name">, found: string, allowed: string): CaissonError {
  return new CaissonError("CAISSON_USAGE", {
    subject: `caisson ${command.name}`,
    found,
    allowed,
    action: `Run caisson ${command.name} --help.`,
  });
}
