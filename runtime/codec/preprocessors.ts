/** Preprocessors by name, with the schemas of their configuration. @module */
import type { Preprocessor } from "./codec.ts";
import { Base64Preprocessor } from "./base64.ts";
import { compressions } from "./compression.ts";
import { DecompressPreprocessor } from "./decompress_preprocessor.ts";
import { FramedPreprocessor } from "./framed_preprocessor.ts";
import { GelfPreprocessor } from "./gelf_preprocessor.ts";
import { GzipPreprocessor } from "./gzip_preprocessor.ts";
import { IngestNsPreprocessor } from "./ingest_ns.ts";
import type { InterceptorConfig } from "./interceptor_config.ts";
import { createInterceptor, type InterceptorEntry } from "./interceptors.ts";
import { lengthFraming } from "./length_prefixed.ts";
import { RemoveEmptyPreprocessor } from "./remove_empty.ts";
import { SeparatePreprocessor } from "./separate_preprocessor.ts";
import { separatorByte, separatorSchema } from "./separator.ts";
import { textualLengthFraming } from "./textual_length_prefixed.ts";

const noOptions = { type: "object", properties: {} };

const maxLength = {
  type: "integer",
  minimum: 1,
  maximum: 1 << 30,
  default: 1 << 20,
  description: "Most bytes a payload may have.",
};

/** Every preprocessor the runtime brings. */
export const preprocessorEntries: ReadonlyMap<string, InterceptorEntry<Preprocessor>> = new Map<
  string,
  InterceptorEntry<Preprocessor>
>([
  ["separate", {
    summary: "Cuts a stream at a byte. A payload that is too long is left out and reported.",
    unsupported: ["separators of more than one byte"],
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
    summary: "Decompresses one gzip stream of many payloads as it comes, several members too. Only in the first place.",
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
  ["decompress", {
    summary: "Decompresses payloads that were compressed each by itself.",
    unsupported: [
      "xz, snappy and lz4: no library for them that is kept up and bounds what it makes",
      "brotli by autodetect: nothing marks it",
      "several zlib, brotli or zstd streams in one payload",
    ],
    schema: {
      type: "object",
      properties: {
        algorithm: {
          enum: ["autodetect", ...compressions.keys()],
          default: "autodetect",
          description: "What the payloads were compressed with; autodetect looks at the first bytes of each.",
        },
        max_bytes: {
          type: "integer",
          minimum: 1,
          maximum: 1 << 30,
          default: 1 << 24,
          description: "Most bytes one payload may become.",
        },
      },
    },
    create: (config) => new DecompressPreprocessor(config["algorithm"] as string, config["max_bytes"] as number),
  }],
  ["base64", {
    summary: "Decodes each payload; blanks and line ends in it are skipped.",
    unsupported: ["the alphabet for URLs", "text cut in the middle: cut it into payloads before"],
    schema: noOptions,
    create: () => new Base64Preprocessor(),
  }],
  ["length-prefixed", {
    summary: "Cuts a stream in which 8 bytes of length, big-endian, precede each payload.",
    unsupported: ["lengths of other widths"],
    schema: { type: "object", properties: { max_length: maxLength } },
    create: (config) => new FramedPreprocessor(lengthFraming, config["max_length"] as number),
  }],
  ["textual-length-prefixed", {
    summary: "Cuts a stream in which the length as text and a blank precede each payload, as in RFC 5425.",
    schema: { type: "object", properties: { max_length: maxLength } },
    create: (config) => new FramedPreprocessor(textualLengthFraming, config["max_length"] as number),
  }],
  ["remove-empty", {
    summary: "Leaves out payloads without bytes.",
    schema: noOptions,
    create: () => new RemoveEmptyPreprocessor(),
  }],
  ["ingest-ns", {
    summary: "Takes when an event entered the system from 8 bytes in front of it: nanoseconds since 1970, big-endian.",
    unsupported: ["anything finer than a microsecond"],
    schema: noOptions,
    create: () => new IngestNsPreprocessor(),
  }],
  ["gelf-chunking", {
    summary: "Puts the chunks of GELF over UDP together.",
    unsupported: ["senders that use the same message id at the same time"],
    schema: {
      type: "object",
      properties: {
        max_bytes: {
          type: "integer",
          minimum: 1,
          maximum: 1 << 30,
          default: 1 << 24,
          description: "Most bytes of all messages that are not complete.",
        },
        timeout_ms: {
          type: "integer",
          minimum: 1,
          maximum: 3_600_000,
          default: 5000,
          description: "How long the chunks of a message may take.",
        },
      },
    },
    create: (config) =>
      new GelfPreprocessor({ maxBytes: config["max_bytes"] as number, timeoutMs: config["timeout_ms"] as number }),
  }],
]);

/** Names of the preprocessors the runtime brings. */
export const preprocessorNames: readonly string[] = [...preprocessorEntries.keys()];

/**
 * A new preprocessor for one stream.
 *
 * @param named its name, or its name with a configuration
 * @param subject where it stands, such as `flow.json: connectors.in.preprocessors[0]`
 * @throws {CaissonError} `CAISSON_CONFIG_INVALID`
 */
export function createPreprocessor(named: InterceptorConfig, subject = "preprocessor"): Preprocessor {
  return createInterceptor(preprocessorEntries, named, subject);
}
