/** What the host's field table says about one field. @module */

/** One field of a shared struct. */
export interface LayoutField {
  /** FNV-1a, 32 bits, of {@linkcode name}. */
  readonly key: number;
  /** `caisson_struct.field`. */
  readonly name: string;
  /** Bytes from the start of the struct. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
  /** Minor version of the ABI that added it. */
  readonly minor: number;
}
