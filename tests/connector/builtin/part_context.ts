/** What parts are given in these tests. @module */
import { builtins } from "../../../runtime/connector/builtin/builtins.ts";
import type {
  ByteSinkPart,
  PartContext,
  SinkPart,
  SourcePart,
  ValueSinkPart,
} from "../../../runtime/connector/contract.ts";
import { checkConfig } from "../../../runtime/manifest/check_config.ts";

/** A context with a configuration that was checked, defaults filled in, as the world does it. */
export function contextFor(
  type: string,
  kind: "source" | "sink",
  config: Record<string, unknown>,
  signal: AbortSignal = new AbortController().signal,
): PartContext {
  const { configSchema } = builtins.find((builtin) => builtin.type === type && builtin.kind === kind)!;
  return {
    alias: "test/part",
    instance: 1,
    config: checkConfig(configSchema, config, "test"),
    signal,
    log: () => {},
  };
}

/** Makes a builtin source from its list entry. */
export function sourceOf(type: string, config: Record<string, unknown>): SourcePart {
  const part = create(type, "source", config);
  if (part.kind !== "source") throw new TypeError(part.kind);
  return part.source;
}

function sinkOf(type: string, config: Record<string, unknown>): SinkPart {
  const part = create(type, "sink", config);
  if (part.kind !== "sink") throw new TypeError(part.kind);
  return part.sink;
}

/** Makes a builtin sink of bytes. */
export function byteSinkOf(type: string, config: Record<string, unknown>): ByteSinkPart {
  return sinkOf(type, config) as ByteSinkPart;
}

/** Makes a builtin sink of values. */
export function valueSinkOf(type: string, config: Record<string, unknown>): ValueSinkPart {
  return sinkOf(type, config) as ValueSinkPart;
}

function create(type: string, kind: "source" | "sink", config: Record<string, unknown>) {
  const builtin = builtins.find((builtin) => builtin.type === type && builtin.kind === kind)!;
  return builtin.create(contextFor(type, kind, config));
}

/** The first attempt to connect. */
export const firstAttempt = { overall: 0, sinceLastSuccess: 0 };

/** A folder that is removed at the end of the test. */
export class TemporaryFolder implements AsyncDisposable {
  /** Its path. */
  readonly path: string = Deno.makeTempDirSync();

  /** Path of a file in it. */
  file(name: string): string {
    return `${this.path}/${name}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}
