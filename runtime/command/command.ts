/** What a command of the command line is. @module */

/** One option of a command. */
export interface CommandOption {
  /** A text takes a value, a flag does not. */
  readonly kind: "text" | "flag";
  /** What stands for the value in help, such as `DIR`. */
  readonly value?: string;
  /** May be given several times. */
  readonly many?: boolean;
  /** One sentence, without a full stop. */
  readonly description: string;
}

/** One argument of a command. */
export interface CommandArgument {
  /** What stands for it in help, such as `FLOW`. */
  readonly name: string;
  /** One sentence, without a full stop. */
  readonly description: string;
  /** May be given several times. */
  readonly many?: boolean;
  /** May be left out. */
  readonly optional?: boolean;
}

/** What the user wrote, checked against the command's options. */
export interface Invocation {
  /** Arguments that are no options. */
  readonly positionals: readonly string[];
  /** Value of a text option, `undefined` when it was not given. */
  text(name: string): string | undefined;
  /** Every value of a text option that may be given several times. */
  list(name: string): readonly string[];
  /** Whether a flag was given. */
  flag(name: string): boolean;
  /** Everything after `caisson`, as it was written. */
  readonly words: readonly string[];
  /** URL of the module the command line was started from. */
  readonly program: string;
  /** Writes a line for people, on standard error. */
  note(line: string): void;
}

/** What a command has to say when it has ended. */
export interface Outcome {
  /** Exit code: 0 done, 1 failure, 2 usage, 3 refused plugin, 4 missing permission; what a sink `exit` was told. */
  readonly exit: number;
  /** The answer for people, without the last newline. */
  readonly text: string;
  /** The same for `--json`: one document. */
  readonly document: unknown;
  /** Where the answer goes. @default {"stdout"} */
  readonly stream?: "stdout" | "stderr";
}

/** What the module of a command exports as `execute`. */
export type Execute = (invocation: Invocation) => Promise<Outcome>;

/** One command. */
export interface Command {
  /** Name. */
  readonly name: string;
  /** What it does, one sentence without a full stop. */
  readonly summary: string;
  /** More about it: short paragraphs. */
  readonly details?: readonly string[];
  /** Arguments, in order. */
  readonly arguments: readonly CommandArgument[];
  /** Options besides `--json` and `--help`, by name. */
  readonly options: Readonly<Record<string, CommandOption>>;
  /** Loads its code; nothing of other commands comes with it. */
  load(): Promise<{ readonly execute: Execute }>;
}
