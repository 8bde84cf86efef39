/** Preprocessors by name, with the schemas of their configuration. @module */
import type { Preprocessor } from "./codec.ts";
import { GzipPreprocessor } from "./gzip_preprocessor.ts";
import type { InterceptorConfig } from "./interceptor_config.ts";
import { createInterceptor, type InterceptorEntry } from "./interceptors.ts";
import { SeparatePreprocessor } from "./separate_preprocessor.ts";
import { separatorByte, separatorSchema } from "./separator.ts";

const entries: ReadonlyMap<string, InterceptorEntry<Preprocessor>> = new Map<string, InterceptorEntry<Preprocessor>>([
  ["separate", {
    schema: {
      type: "object",
      properties: {
        separator: separatorSchema,
        max_length: {
          type: "integer",
          minimum: 1,
          maximum: 1 << 26,
          default: 1 << 20,
          description: "Most bytes a payload may have.",
        },
        buffered: {
          type: "boolean",
          default: true,
          description: "Keep what follows the last separator for the next chunk.",
        },
      },
    },
    create: (config, subject) =>
      new SeparatePreprocessor({
        separator: separatorByte(config["separator"] as string, subject),
        maxLength: config["max_length"] as number,
        buffered: config["buffered"] as boolean,
      }),
  }],
  ["gzip", {
    schema: {
      type: "object",
      properties: {
        max_bytes: {
          type: "integer",
          minimum: 1,
          default: 1 << 26,
          description: "Most bytes one chunk may become.",
        },
      },
    },
    create: (config) => new GzipPreprocessor(config["max_bytes"] as number),
  }],
]);

/** Names of the preprocessors the runtime brings. */
export const preprocessorNames: readonly string[] = [...entries.keys()];

/**
 * A new preprocessor for one stream.
 *
 * @param named its name, or its name with a configuration
 * @param subject where it stands, such as `flow.json: connectors.in.preprocessors[0]`
 * @throws {CaissonError} `CAISSON_CONFIG_INVALID`
 */
export function createPreprocessor(named: InterceptorConfig, subject = "preprocessor"): Preprocessor {
  return createInterceptor(entries, named, subject);
}
