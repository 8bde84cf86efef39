/** Postprocessors by name, with the schemas of their configuration. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import { Base64Postprocessor } from "./base64.ts";
import type { Postprocessor } from "./codec.ts";
import { CollectPostprocessor } from "./collect_postprocessor.ts";
import { CompressPostprocessor } from "./compress_postprocessor.ts";
import { compressions } from "./compression.ts";
import { GELF_HEAD } from "./gelf_preprocessor.ts";
import { GelfPostprocessor } from "./gelf_postprocessor.ts";
import { GzipPostprocessor } from "./gzip_postprocessor.ts";
import { IngestNsPostprocessor } from "./ingest_ns.ts";
import type { InterceptorConfig } from "./interceptor_config.ts";
import { createInterceptor, type InterceptorEntry } from "./interceptors.ts";
import { LengthPrefixedPostprocessor } from "./length_prefixed.ts";
import { SeparatePostprocessor } from "./separate_postprocessor.ts";
import { separatorByte, separatorSchema } from "./separator.ts";
import { TextualLengthPrefixedPostprocessor } from "./textual_length_prefixed.ts";

const flushSchema = {
  type: "integer",
  minimum: 1,
  maximum: 3_600_000,
  default: 1000,
  description: "Longest time an event is held before it is written, milliseconds.",
};

const noOptions = { type: "object", properties: {} };

/** Every postprocessor the runtime brings. */
export const postprocessorEntries: ReadonlyMap<string, InterceptorEntry<Postprocessor>> = new Map<
  string,
  InterceptorEntry<Postprocessor>
>([
  ["separate", {
    summary: "Puts a byte behind each payload.",
    unsupported: ["a separator within a payload: it is not escaped"],
    schema: { type: "object", properties: { separator: separatorSchema } },
    create: (config, subject) =>
      new SeparatePostprocessor(
        separatorByte(config["separator"] as string, subject),
      ),
  }],
  ["gzip", {
    summary: "Compresses everything into one gzip stream, which is complete at the end.",
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
        flush_ms: flushSchema,
      },
    },
    create: (config) => new GzipPostprocessor(config["level"] as number, config["flush_ms"] as number),
  }],
  ["compress", {
    summary: "Compresses each payload by itself.",
    unsupported: ["xz, snappy and lz4", "streams of many payloads other than gzip"],
    schema: {
      type: "object",
      properties: {
        algorithm: { enum: [...compressions.keys()], default: "gzip", description: "What to compress with." },
        level: {
          type: "integer",
          minimum: 0,
          maximum: 19,
          description: "gzip and zlib 0 to 9, default 6; brotli 0 to 11, default 4; zstd 1 to 19, default 3.",
        },
      },
    },
    create: (config, subject) => {
      const compression = compressions.get(config["algorithm"] as string)!;
      const [lowest, highest] = compression.levels;
      const level = (config["level"] as number | undefined) ?? compression.level;
      if (level >= lowest && level <= highest) return new CompressPostprocessor(compression, level);
      throw new CaissonError("CAISSON_CONFIG_INVALID", {
        subject: `${subject}.level`,
        found: String(level),
        allowed: `${lowest} to ${highest} for ${config["algorithm"]}`,
      });
    },
  }],
  ["base64", {
    summary: "Encodes each payload, with padding and without line ends.",
    schema: noOptions,
    create: () => new Base64Postprocessor(),
  }],
  ["length-prefixed", {
    summary: "Puts 8 bytes of length, big-endian, in front of each payload.",
    schema: noOptions,
    create: () => new LengthPrefixedPostprocessor(),
  }],
  ["textual-length-prefixed", {
    summary: "Puts the length as text and a blank in front of each payload, as in RFC 5425.",
    schema: noOptions,
    create: () => new TextualLengthPrefixedPostprocessor(),
  }],
  ["ingest-ns", {
    summary: "Puts when the event entered the system in front of it: 8 bytes, nanoseconds since 1970, big-endian.",
    unsupported: [
      "anything finer than a microsecond",
      "a place behind collect, chunk or gzip, where the event is not known any more: the time is 0",
    ],
    schema: noOptions,
    create: () => new IngestNsPostprocessor(),
  }],
  ["gelf-chunking", {
    summary: "Cuts a payload that is too long for a datagram into chunks of GELF over UDP.",
    schema: {
      type: "object",
      properties: {
        chunk_size: {
          type: "integer",
          minimum: GELF_HEAD + 1,
          maximum: 65_507,
          default: 8192,
          description: "Bytes of a chunk with its head of 12 bytes.",
        },
      },
    },
    create: (config) => new GelfPostprocessor(config["chunk_size"] as number),
  }],
  ["collect", {
    summary: "Joins payloads up to a size; a longer payload becomes a piece of its own.",
    schema: {
      type: "object",
      properties: {
        max_bytes: {
          type: "integer",
          minimum: 1,
          maximum: 1 << 30,
          default: 1 << 26,
          description: "Bytes up to which payloads are joined.",
        },
        flush_ms: flushSchema,
      },
    },
    create: (config) =>
      new CollectPostprocessor({
        name: "collect",
        maxBytes: config["max_bytes"] as number,
        strict: false,
        flushMs: config["flush_ms"] as number,
      }),
  }],
  ["chunk", {
    summary: "Joins payloads up to a size; the event of a longer payload fails.",
    schema: {
      type: "object",
      properties: {
        max_bytes: {
          type: "integer",
          minimum: 1,
          maximum: 1 << 30,
          description: "Most bytes of a piece.",
        },
        flush_ms: flushSchema,
      },
      required: ["max_bytes"],
    },
    create: (config) =>
      new CollectPostprocessor({
        name: "chunk",
        maxBytes: config["max_bytes"] as number,
        strict: true,
        flushMs: config["flush_ms"] as number,
      }),
  }],
]);

/** Names of the postprocessors the runtime brings. */
export const postprocessorNames: readonly string[] = [...postprocessorEntries.keys()];

/**
 * A new postprocessor for one stream.
 *
 * @param named its name, or its name with a configuration
 * @param subject where it stands, such as `flow.json: connectors.in.postprocessors[0]`
 * @throws {CaissonError} `CAISSON_CONFIG_INVALID`
 */
export function createPostprocessor(named: InterceptorConfig, subject = "postprocessor"): Postprocessor {
  return createInterceptor(postprocessorEntries, named, subject);
}
