/** Help, made from the table of commands. @module */
import type { Command, CommandArgument, CommandOption } from "./command.ts";
import { commands, commonOptions, exitCodes } from "./commands.ts";

const width = 100;

/** How a command is written: `caisson run [options] FLOW`. */
export function usageOf(command: Command): string {
  const words = command.arguments.map(({ name, many, optional }) => {
    const word = many ? `${name}...` : name;
    return optional ? `[${word}]` : word;
  });
  return ["caisson", command.name, "[options]", ...words].join(" ");
}

/** How an option is written: `--plugins DIR`. */
export function optionText(name: string, option: CommandOption): string {
  return option.kind === "flag" ? `--${name}` : `--${name} ${option.value ?? "VALUE"}${option.many ? " ..." : ""}`;
}

/** Lines no longer than a terminal, the first one at its place already. */
function wrap(text: string, indent: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join(`\n${" ".repeat(indent)}`);
}

function section(title: string, rows: readonly (readonly [string, string])[]): string {
  const indent = Math.min(28, Math.max(...rows.map(([term]) => term.length)) + 4);
  const lines = rows.map(([term, text]) =>
    term.length + 4 > indent
      ? `  ${term}\n${" ".repeat(indent)}${wrap(text, indent)}`
      : `  ${term.padEnd(indent - 2)}${wrap(text, indent)}`
  );
  return `${title}\n${lines.join("\n")}`;
}

const argumentRow = ({ name, description }: CommandArgument): readonly [string, string] => [name, description];

/** Help for everything. */
export function generalHelp(): string {
  return [
    "caisson: run event flows with plugins that may touch only what they were granted",
    "Usage: caisson COMMAND [options]",
    section("Commands", [
      ...commands.map(({ name, summary }) => [name, summary] as const),
      ["help", "Show this, or help for one command"],
      ["version", "Show the version of caisson, its interfaces and its C ABI"],
    ]),
    section(
      "Options of every command",
      Object.entries(commonOptions).map(([name, { description }]) => [
        `--${name}`,
        description,
      ]),
    ),
    section("Exit codes", exitCodes.map(([code, meaning]) => [String(code), meaning])),
    "Help for one command: caisson help COMMAND",
  ].join("\n\n");
}

/** Help for one command. */
export function commandHelp(command: Command): string {
  const options = { ...command.options, ...commonOptions };
  return [
    `${command.summary}`,
    `Usage: ${usageOf(command)}`,
    ...(command.arguments.length > 0 ? [section("Arguments", command.arguments.map(argumentRow))] : []),
    section("Options", Object.entries(options).map(([name, option]) => [optionText(name, option), option.description])),
    ...(command.details ?? []).map((paragraph) => wrap(paragraph, 0)),
  ].join("\n\n");
}
