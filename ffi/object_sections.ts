/** What is read out of an object file. @module */

/** What the formats have in common. */
export interface ObjectFile {
  /** ELF `e_machine` number, 0 for a machine nobody knows. */
  readonly machine: number;
  /** Contents of every section that has the descriptor's name, not copied. */
  readonly sections: readonly Uint8Array[];
}
