/** Compression of whole payloads, as the platform brings it. @module */
import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateSync,
  zstdCompressSync,
  zstdDecompressSync,
} from "node:zlib";

/** One algorithm. */
export interface Compression {
  /** Levels it has, lowest and highest. */
  readonly levels: readonly [number, number];
  /** Level when none is named. */
  readonly level: number;
  /** Bytes every compressed payload begins with; absent where there are none. */
  readonly magic?: readonly number[];
  /** Compresses one payload. What it answers may be a Buffer, whose `slice` copies nothing. */
  compress(bytes: Uint8Array, level: number): Uint8Array;
  /** Decompresses one payload to at most so many bytes, in a Buffer too; throws when there are more, or when it is damaged. */
  decompress(bytes: Uint8Array, maxOutputLength: number): Uint8Array;
}

type Decompress = (bytes: Uint8Array, options: { maxOutputLength: number; info: boolean }) => unknown;

/**
 * Decompresses one whole stream and nothing else. For a stream that is cut off the platform answers with what it has so
 * far, and for one with bytes behind it with the stream; how far it reads shows both, given a byte more than there is.
 */
function whole(decompress: unknown, bytes: Uint8Array, maxOutputLength: number): Uint8Array {
  const longer = new Uint8Array(bytes.byteLength + 1);
  longer.set(bytes);
  const { buffer, engine } = (decompress as Decompress)(longer, { maxOutputLength, info: true }) as {
    readonly buffer: Uint8Array;
    readonly engine: { readonly bytesWritten: number };
  };
  if (engine.bytesWritten > bytes.byteLength) throw new RangeError("unexpected end of data");
  if (engine.bytesWritten < bytes.byteLength) {
    throw new RangeError(`${bytes.byteLength - engine.bytesWritten} bytes behind the end of the data`);
  }
  return buffer;
}

/** The algorithms by name. */
export const compressions: ReadonlyMap<string, Compression> = new Map<string, Compression>([
  ["gzip", {
    levels: [0, 9],
    level: 6,
    magic: [0x1f, 0x8b],
    compress: (bytes, level) => gzipSync(bytes, { level }),
    decompress: (bytes, maxOutputLength) => gunzipSync(bytes, { maxOutputLength }),
  }],
  ["zlib", {
    levels: [0, 9],
    level: 6,
    magic: [0x78],
    compress: (bytes, level) => deflateSync(bytes, { level }),
    decompress: (bytes, maxOutputLength) => whole(inflateSync, bytes, maxOutputLength),
  }],
  ["brotli", {
    levels: [0, 11],
    level: 4,
    compress: (bytes, level) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: level } }),
    decompress: (bytes, maxOutputLength) => whole(brotliDecompressSync, bytes, maxOutputLength),
  }],
  ["zstd", {
    levels: [1, 19],
    level: 3,
    magic: [0x28, 0xb5, 0x2f, 0xfd],
    compress: (bytes, level) => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } }),
    decompress: (bytes, maxOutputLength) => whole(zstdDecompressSync, bytes, maxOutputLength),
  }],
]);

/** The algorithm whose magic bytes a payload begins with. */
export function detectCompression(bytes: Uint8Array): Compression | undefined {
  for (const compression of compressions.values()) {
    if (compression.magic?.every((byte, index) => bytes[index] === byte)) return compression;
  }
  return undefined;
}
