/** Frames of WebSocket, as RFC 6455 lays them out. @module */

/** What a frame carries. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Most bytes of a frame's head. */
export const MAX_HEAD = 14;

/** Most bytes a control frame carries. */
export const MAX_CONTROL = 125;

/** Masks bytes, or takes the mask off: both are the same. `phase` counts the payload's bytes before these. */
export function mask(bytes: Uint8Array, key: Uint8Array, phase = 0): void {
  const [a, b, c, d] = [key[phase & 3]!, key[phase + 1 & 3]!, key[phase + 2 & 3]!, key[phase + 3 & 3]!];
  const length = bytes.byteLength;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    bytes[at]! ^= a;
    bytes[at + 1]! ^= b;
    bytes[at + 2]! ^= c;
    bytes[at + 3]! ^= d;
  }
  for (; at < length; at++) bytes[at]! ^= key[phase + at & 3]!;
}

/** Writes one frame to the start of `target` and says how long it is; a client's is masked. */
export function writeFrame(
  target: Uint8Array,
  opcode: number,
  last: boolean,
  payload: Uint8Array,
  masked: boolean,
): number {
  const length = payload.byteLength;
  const view = new DataView(target.buffer, target.byteOffset, target.byteLength);
  const maskBit = masked ? 0x80 : 0;
  target[0] = (last ? 0x80 : 0) | opcode;
  let at = 2;
  if (length < 126) target[1] = maskBit | length;
  else if (length < 65536) {
    target[1] = maskBit | 126;
    view.setUint16(2, length);
    at = 4;
  } else {
    target[1] = maskBit | 127;
    view.setBigUint64(2, BigInt(length));
    at = 10;
  }
  if (!masked) {
    target.set(payload, at);
    return at + length;
  }
  const key = crypto.getRandomValues(target.subarray(at, at + 4) as Uint8Array<ArrayBuffer>);
  target.set(payload, at + 4);
  mask(target.subarray(at + 4, at + 4 + length), key);
  return at + 4 + length;
}

/** Whether a peer may send this code in a close frame. */
export function isCloseCode(code: number): boolean {
  return code >= 3000 && code < 5000 || code >= 1000 && code <= 1014 && (code < 1004 || code > 1006);
}
