/** The three ranges of a record, in the form that reading them takes. @module */
import { RECORD_LAYOUT } from "./layout.ts";

/** Word of the payload's offset in a record; its length follows. */
export const PAYLOAD: number = RECORD_LAYOUT.payloadOffset / 4;
/** Word of the key's offset. */
export const KEY: number = RECORD_LAYOUT.keyOffset / 4;
/** Word of the metadata's offset. */
export const META: number = RECORD_LAYOUT.metaOffset / 4;
/** Half word of the payload's segment. */
export const PAYLOAD_SEGMENT: number = RECORD_LAYOUT.payloadSegment / 2;
/** Half word of the key's segment. */
export const KEY_SEGMENT: number = RECORD_LAYOUT.keySegment / 2;
/** Half word of the metadata's segment. */
export const META_SEGMENT: number = RECORD_LAYOUT.metaSegment / 2;

/** One range of a record. */
export interface RecordPart {
  /** Its name in errors. */
  readonly name: string;
  /** Word of its offset; the length follows. */
  readonly offsetWord: number;
  /** Half word of its segment. */
  readonly segmentHalf: number;
}

/** All of them. */
export const PARTS: readonly RecordPart[] = [
  { name: "payload", offsetWord: PAYLOAD, segmentHalf: PAYLOAD_SEGMENT },
  { name: "key", offsetWord: KEY, segmentHalf: KEY_SEGMENT },
  { name: "meta", offsetWord: META, segmentHalf: META_SEGMENT },
];
