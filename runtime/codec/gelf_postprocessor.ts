/** The postprocessor `gelf-chunking`: cuts payloads into chunks for GELF over UDP. @module */
import type { Emit, Postprocessor } from "./codec.ts";
import { unframable } from "./codec_error.ts";
import { GELF_CHUNKS, GELF_HEAD, isGelfChunk } from "./gelf_preprocessor.ts";
import { fillFresh } from "./slab.ts";

/** Cuts what is too long for one datagram; the rest stays as it is. */
export class GelfPostprocessor implements Postprocessor {
  /** Its name in flows. */
  readonly name = "gelf-chunking";
  readonly #room: number;
  #messages = 0;

  /** @param chunkSize bytes of a chunk with its head, at least 13 */
  constructor(chunkSize: number) {
    this.#room = chunkSize - GELF_HEAD;
  }

  /**
   * Emits one payload as one or more datagrams.
   *
   * @throws {CaissonError} `CAISSON_POSTPROCESSOR_FAILED` when it takes more than 128 chunks
   */
  process(bytes: Uint8Array, emit: Emit): void {
    const room = this.#room;
    if (bytes.byteLength <= room && !isGelfChunk(bytes)) return emit(bytes);
    const count = Math.ceil(bytes.byteLength / room);
    if (count > GELF_CHUNKS) {
      throw unframable(
        "gelf-chunking",
        `a payload of ${bytes.byteLength} bytes`,
        `at most ${GELF_CHUNKS * room}, in ${GELF_CHUNKS} chunks`,
        "Raise chunk_size, or compress before it.",
      );
    }
    // Other senders to the same receiver differ in the clock, this one in the counter.
    const id = BigInt(Date.now() & 0xffff) | BigInt.asUintN(64, BigInt(this.#messages++) << 16n);
    for (let number = 0; number < count; number++) {
      const part = bytes.subarray(number * room, (number + 1) * room);
      emit(fillFresh(GELF_HEAD + part.byteLength, (memory) => {
        memory[0] = 0x1e;
        memory[1] = 0x0f;
        new DataView(memory.buffer, memory.byteOffset).setBigUint64(2, id);
        memory[10] = number;
        memory[11] = count;
        memory.set(part, GELF_HEAD);
        return memory.byteLength;
      }));
    }
  }

  /** Holds nothing. */
  finish(): void {}
}
