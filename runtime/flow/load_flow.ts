/** Reads a flow from a JSON file or from a TypeScript module's default export. @module */
import { extname, resolve, toFileUrl } from "@std/path";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import type { FlowDefinition } from "./flow_definition.ts";
import { parseFlow } from "./flow_schema.ts";

/**
 * Loads and checks a flow file.
 *
 * @param path a `.json` file, or a module (`.ts`, `.js`) whose default export is a flow
 * @throws {CaissonError} `CAISSON_FLOW_NOT_FOUND`, `CAISSON_FLOW_SYNTAX`, `CAISSON_FLOW_INVALID` or `CAISSON_HOST_PERMISSION`
 */
export async function loadFlow(path: string): Promise<FlowDefinition> {
  return parseFlow(
    extname(path) === ".json" ? await readJson(path) : await importModule(path),
    path,
  );
}

async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw readError(path, error);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CaissonError("CAISSON_FLOW_SYNTAX", {
      subject: path,
      found: messageOf(error),
      allowed: "a JSON document",
      cause: error,
    });
  }
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
