/** Reads a JSON file that an author or operator wrote, strictly. @module */
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import type { ErrorCode } from "../errors/codes.ts";
import { type JsonProblem, maxJsonBytes, scanJson } from "./strict_json.ts";

/** Codes for what can be wrong with the file. */
export interface JsonFileCodes {
  /** It is there and could not be read. */
  readonly unreadable: ErrorCode;
  /** One for each kind of problem in the text. */
  readonly problems: Readonly<Record<JsonProblem["kind"], ErrorCode>>;
  /** Largest file. @default {maxJsonBytes} */
  readonly maxBytes?: number;
}

/** What was read. */
export interface JsonFile {
  /** The parsed document, not checked by any schema. */
  readonly value: unknown;
  /** The text it was parsed from. */
  readonly text: string;
  /** The bytes of that text. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const actions: Partial<Record<JsonProblem["kind"], string>> = {
  "duplicate-key": "Keep one of the two keys.",
  "reserved-key": "Remove the key; it would change the object itself.",
};

/**
 * Reads and parses a file.
 *
 * @returns `undefined` when there is no such file
 * @throws {CaissonError} one of the given codes, with line and column; `CAISSON_HOST_PERMISSION` where the host may not
 * read the file
 */
export async function readJsonFile(
  file: string,
  codes: JsonFileCodes,
): Promise<JsonFile | undefined> {
  const bytes = await readBytes(file, codes);
  if (bytes === undefined) return undefined;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new CaissonError(codes.problems.syntax, {
      subject: file,
      found: "bytes that are not UTF-8",
      allowed: "JSON in UTF-8",
      action: "Save the file as UTF-8.",
      cause: error,
    });
  }
  const problem = scanJson(text, codes.maxBytes);
  if (problem !== undefined) {
    const { kind, found, line, column } = problem;
    const action = actions[kind];
    throw new CaissonError(codes.problems[kind], {
      subject: `${file}:${line}:${column}`,
      found,
      ...(action === undefined ? {} : { action }),
    });
  }
  return { value: JSON.parse(text), text, bytes };
}

async function readBytes(
  file: string,
  codes: JsonFileCodes,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    // Asked before reading: a file of a gigabyte must not be read to be refused.
    const { size } = await Deno.stat(file);
    const { maxBytes = maxJsonBytes } = codes;
    if (size > maxBytes) {
      throw new CaissonError(codes.problems["too-large"], {
        subject: file,
        found: `${size} bytes`,
        allowed: `at most ${maxBytes} bytes`,
      });
    }
    return await Deno.readFile(file);
  } catch (error) {
    if (error instanceof CaissonError) throw error;
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Deno.errors.NotCapable) {
      throw readRefused(file, error);
    }
    throw new CaissonError(codes.unreadable, {
      subject: file,
      found: messageOf(error),
      cause: error,
    });
  }
}

/** The host itself may not read, or write, a path it needs. */
export function readRefused(path: string, cause: unknown, how: "read" | "write" = "read"): CaissonError {
  return new CaissonError("CAISSON_HOST_PERMISSION", {
    subject: path,
    found: `the host may not ${how} it`,
    allowed: `--allow-${how}=${path}`,
    action: `Start the host with --allow-${how}=${path}`,
    cause,
  });
}
