/** Postprocessors by name, with the schemas of their configuration. @module */
import type { Postprocessor } from "./codec.ts";
import { GzipPostprocessor } from "./gzip_postprocessor.ts";
import type { InterceptorConfig } from "./interceptor_config.ts";
import { createInterceptor, type InterceptorEntry } from "./interceptors.ts";
import { SeparatePostprocessor } from "./separate_postprocessor.ts";
import { separatorByte, separatorSchema } from "./separator.ts";

const entries: ReadonlyMap<string, InterceptorEntry<Postprocessor>> = new Map<string, InterceptorEntry<Postprocessor>>([
  ["separate", {
    schema: { type: "object", properties: { separator: separatorSchema } },
    create: (config, subject) =>
      new SeparatePostprocessor(
        separatorByte(config["separator"] as string, subject),
      ),
  }],
  ["gzip", {
    schema: {
      type: "object",
      properties: {
        level: {
          type: "integer",
          minimum: 0,
          maximum: 9,
          default: 6,
          description: "0 stores, 1 is fastest, 9 is smallest.",
        },
      },
    },
    create: (config) => new GzipPostprocessor(config["level"] as number),
  }],
]);

/** Names of the postprocessors the runtime brings. */
export const postprocessorNames: readonly string[] = [...entries.keys()];

/**
 * A new postprocessor for one stream.
 *
 * @param named its name, or its name with a configuration
 * @param subject where it stands, such as `flow.json: connectors.in.postprocessors[0]`
 * @throws {CaissonError} `CAISSON_CONFIG_INVALID`
 */
export function createPostprocessor(named: InterceptorConfig, subject = "postprocessor"): Postprocessor {
  return createInterceptor(entries, named, subject);
}
