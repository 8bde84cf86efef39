/** Reads the flow a command is about, with what the command line changes in it. @module */
import { extname, resolve } from "@std/path";
import type { FlowDefinition } from "../flow/flow_definition.ts";
import { loadFlow } from "../flow/load_flow.ts";
import { quote } from "../manifest/untrusted_text.ts";
import type { Invocation } from "./command.ts";
import { type HostNeed, missingNeeds, readNeed, requireNeeds } from "./host_need.ts";
import { localImports } from "./local_imports.ts";
import { usage } from "./parse_words.ts";
import { sourceNeeds } from "./sources.ts";

/** A flow that was read. */
export interface FlowFile {
  /** The file. */
  readonly file: string;
  /** What it says. */
  readonly definition: FlowDefinition;
  /** What had to be read. */
  readonly needs: readonly HostNeed[];
}

/**
 * Reads and checks the flow file of a command.
 *
 * @throws {CaissonError} `CAISSON_HOST_PERMISSION` naming flow, plugins and grants at once, `CAISSON_USAGE`, and what
 * `loadFlow` throws
 */
export async function readFlowFile(invocation: Invocation): Promise<FlowFile> {
  const { program, words } = invocation;
  const file = invocation.positionals[0]!;
  const needs = [readNeed(file, "the flow")];
  const require = (): void => {
    if (missingNeeds(needs).length === 0) return;
    // Whoever has to start again may as well be told about the plugins and grants.
    requireNeeds([...needs, ...sourceNeeds(invocation, file)], { program, words, first: true });
  };
  require();
  if (extname(file) !== ".json") {
    needs.push(...(await localImports(resolve(file))).map((path) => readNeed(path, "a module the flow imports")));
    require();
  }
  const definition = withInputs(await loadFlow(file), invocation);
  return { file, definition, needs };
}

/** The flow with `--input NAME=PATH` in place. */
function withInputs(flow: FlowDefinition, invocation: Invocation): FlowDefinition {
  const command = { name: invocation.words.find((word) => !word.startsWith("-")) ?? "run" };
  const connectors = { ...flow.connectors };
  for (const text of invocation.list("input")) {
    const at = text.indexOf("=");
    const name = text.slice(0, Math.max(0, at));
    const path = text.slice(at + 1);
    const connector = Object.hasOwn(connectors, name) ? connectors[name] : undefined;
    const possible = Object.keys(flow.connectors).filter((each) => "path" in (flow.connectors[each]?.config ?? {}));
    if (at < 1 || path === "" || connector === undefined || !possible.includes(name)) {
      throw usage(
        command,
        `--input ${quote(text)}`,
        `NAME=PATH, NAME one of ${possible.length === 0 ? "none: no connector has a path" : possible.join(", ")}`,
      );
    }
    connectors[name] = { ...connector, config: { ...connector.config, path } };
  }
  return { ...flow, connectors };
}
