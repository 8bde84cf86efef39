/** The text of a batch's payloads, decoded many at a time. @module */
import type { Batch } from "../data/batch.ts";
import { RECORD_LAYOUT } from "../data/layout.ts";
import { asciiText } from "./ascii_text.ts";

const OFFSET = RECORD_LAYOUT.payloadOffset / 4;
const LENGTH = RECORD_LAYOUT.payloadLength / 4;

/** Most events decoded together: what is kept alive by one slice of their text stays small. */
const GROUP_EVENTS = 64;
/** Most bytes decoded together. */
const GROUP_BYTES = 1 << 16;
/** Most bytes between two payloads that are decoded together: an end of line, a length, padding. */
const GAP_BYTES = 16;
/** Groups with more than ASCII after which each event of the batch is decoded by itself. */
const TRIES = 2;

/** Text of bytes of a segment, all of them ASCII. */
interface Piece {
  readonly text: string;
  readonly segment: number;
  /** Offsets in the segment. */
  readonly start: number;
  readonly end: number;
}

/**
 * Cuts the text of an event out of the text of its neighbours: one call of the decoder for all of them, where an event
 * alone costs ten times as much as its share. Only ASCII can be cut by the offsets of its bytes.
 */
export class BatchText {
  #text = "";
  /** Events the text is of. */
  #from = 0;
  #to = 0;
  /** Offset of the text in its segment. */
  #start = 0;
  #last = -2;
  #tries = TRIES;
  readonly #pieces: Piece[] = [];
  #piece: Piece | undefined = undefined;

  /** Takes text that somebody else had to make. */
  offer(piece: Piece): void {
    this.#piece ??= piece;
    this.#pieces.push(piece);
  }

  /**
   * The text of an event, or `undefined` where it has to be decoded by itself: out of order, not ASCII, or far from the
   * events after it.
   */
  of(batch: Batch, index: number): string | undefined {
    const piece = this.#piece;
    // Short, so that V8 puts it where it is called from; nearly all texts are had here.
    if (piece === undefined) return this.#ofGroup(batch, index);
    const at = batch.recordAt(index);
    const { words } = batch;
    const start = words[at + OFFSET]!;
    const end = start + words[at + LENGTH]!;
    if (start < piece.start || end > piece.end || batch.payloadSegment(index) !== piece.segment) {
      return this.#ofOther(batch, index, start, end);
    }
    // Unlike `slice`, V8 calls what cuts the text at once.
    return piece.text.substring(start - piece.start, end - piece.start);
  }

  #ofOther(batch: Batch, index: number, start: number, end: number): string | undefined {
    const segment = batch.payloadSegment(index);
    const other = this.#pieces.find((each) => each.segment === segment && start >= each.start && end <= each.end);
    if (other === undefined) return this.#ofGroup(batch, index);
    this.#piece = other;
    return other.text.substring(start - other.start, end - other.start);
  }

  #ofGroup(batch: Batch, index: number): string | undefined {
    if (index < this.#from || index >= this.#to) {
      // Whoever wants a single event must not pay for its neighbours.
      const follows = index === this.#last + 1;
      this.#last = index;
      if (!follows || this.#tries === 0) return undefined;
      if (!this.#decode(batch, index)) {
        this.#tries--;
        return undefined;
      }
    }
    this.#last = index;
    const at = batch.payloadOffset(index) - this.#start;
    return this.#text.substring(at, at + batch.payloadLength(index));
  }

  #decode(batch: Batch, first: number): boolean {
    const { count } = batch;
    const segment = batch.payloadSegment(first);
    const start = batch.payloadOffset(first);
    const most = Math.min(count, first + GROUP_EVENTS);
    let end = start + batch.payloadLength(first);
    let next = first + 1;
    for (; next < most && batch.payloadSegment(next) === segment; next++) {
      const offset = batch.payloadOffset(next);
      const after = offset + batch.payloadLength(next);
      if (offset < end || offset - end > GAP_BYTES || after - start > GROUP_BYTES) break;
      end = after;
    }
    if (next - first < 2) return false;
    const text = asciiText(batch.segmentView(segment).subarray(start, end));
    if (text === undefined) return false;
    this.#text = text;
    this.#from = first;
    this.#to = next;
    this.#start = start;
    return true;
  }
}

/** The text of an event of a batch; as {@linkcode BatchText.of}, kept with the batch until it is emptied. */
export function textOf(batch: Batch, index: number): string | undefined {
  const { memo } = batch;
  if (memo instanceof BatchText) return memo.of(batch, index);
  // Nothing to share the cost of decoding with.
  if (batch.count === 1) return undefined;
  const text = new BatchText();
  batch.memo = text;
  return text.of(batch, index);
}

/** Keeps text of a segment with the batch, until it is emptied: whoever looked for ends of lines in it has it already. */
export function offerText(batch: Batch, segment: number, start: number, text: string): void {
  const { memo } = batch;
  const texts = memo instanceof BatchText ? memo : batch.memo = new BatchText();
  texts.offer({ text, segment, start, end: start + text.length });
}
