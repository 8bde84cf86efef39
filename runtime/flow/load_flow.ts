/** Reads a flow from a JSON file or from a TypeScript module's default export. @module */
import { extname, resolve, toFileUrl } from "@std/path";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import { throwErrors } from "../errors/report.ts";
import { type JsonFileCodes, readJsonFile } from "../manifest/read_json.ts";
import type { FlowDefinition } from "./flow_definition.ts";
import { placeIn } from "../manifest/json_place.ts";
import { flowProblems } from "./flow_problems.ts";
import { parseFlow } from "./flow_schema.ts";

const jsonCodes: JsonFileCodes = {
  unreadable: "CAISSON_FLOW_NOT_FOUND",
  problems: {
    "syntax": "CAISSON_FLOW_SYNTAX",
    // The first of two connectors of a name would be gone without a word.
    "duplicate-key": "CAISSON_FLOW_SYNTAX",
    "reserved-key": "CAISSON_FLOW_SYNTAX",
    "too-deep": "CAISSON_FLOW_SYNTAX",
    "too-large": "CAISSON_FLOW_SYNTAX",
  },
};

/**
 * Loads and checks a flow file.
 *
 * @param path a `.json` file, or a module (`.ts`, `.js`) whose default export is a flow
 * @throws {CaissonError} `CAISSON_FLOW_NOT_FOUND`, `CAISSON_FLOW_SYNTAX`, `CAISSON_HOST_PERMISSION`, or `CAISSON_FLOW_INVALID` or
 * `CAISSON_FLOW_LINK` for the first of all that is wrong in it: {@linkcode errorsIn} gives the others, too
 */
export async function loadFlow(path: string): Promise<FlowDefinition> {
  const { value, text } = await readSource(path);
  throwErrors(flowProblems(value, path).map((error) => text === undefined ? error : placed(error, path, text)));
  return parseFlow(value, path);
}

/**
 * What a flow file holds, unchecked.
 *
 * @throws {CaissonError} `CAISSON_FLOW_NOT_FOUND`, `CAISSON_FLOW_SYNTAX` or `CAISSON_HOST_PERMISSION`
 */
export async function readFlow(path: string): Promise<unknown> {
  return (await readSource(path)).value;
}

/** The text is that of a JSON file. */
interface FlowSource {
  readonly value: unknown;
  readonly text?: string;
}

async function readSource(path: string): Promise<FlowSource> {
  return extname(path) === ".json" ? await readJson(path) : { value: await importModule(path) };
}

/** The error with line and column of its path, so that an editor opens it there. */
function placed(error: CaissonError, file: string, text: string): CaissonError {
  const { code, subject, found, allowed, action, cause } = error;
  if (!subject.startsWith(`${file}: `)) return error;
  const path = subject.slice(file.length + 2);
  const { line, column } = placeIn(text, path);
  return new CaissonError(code, { subject: `${file}:${line}:${column}: ${path}`, found, allowed, action, cause });
}

async function readJson(path: string): Promise<FlowSource> {
  const file = await readJsonFile(path, jsonCodes);
  if (file !== undefined) return file;
  throw new CaissonError("CAISSON_FLOW_NOT_FOUND", { subject: path, found: "no such file" });
}

async function importModule(path: string): Promise<unknown> {
  try {
    // An import error hides whether the file is there at all.
    await Deno.stat(path);
  } catch (error) {
    throw readError(path, error);
  }
  let module: { default?: unknown };
  try {
    module = await import(toFileUrl(resolve(path)).href);
  } catch (error) {
    throw new CaissonError("CAISSON_FLOW_SYNTAX", {
      subject: path,
      found: messageOf(error),
      allowed: "a module that loads",
      cause: error,
    });
  }
  if (module.default === undefined) {
    throw new CaissonError("CAISSON_FLOW_SYNTAX", {
      subject: path,
      found: "no default export",
      allowed: "export default { … } satisfies FlowDefinition",
    });
  }
  return module.default;
}

function readError(path: string, error: unknown): CaissonError {
  if (error instanceof Deno.errors.NotCapable) {
    return new CaissonError("CAISSON_HOST_PERMISSION", {
      subject: path,
      found: "the host may not read the flow file",
      allowed: `--allow-read=${path}`,
      action: `Start the host with --allow-read=${path}, or see all flags at once with: caisson flags ${path}`,
      cause: error,
    });
  }
  return new CaissonError("CAISSON_FLOW_NOT_FOUND", {
    subject: path,
    found: messageOf(error),
    cause: error,
  });
}
