/** The error of the data plane. @module */

/** Thrown when a batch contradicts itself or does not fit; `code` is stable. */
export class BatchError extends RangeError {
  /** Always `BatchError`. */
  override readonly name = "BatchError";
  /** Stable code. */
  readonly code = "CAISSON_BATCH_INVALID";
  /** The field that is wrong, such as `record[3].payloadOffset`. */
  readonly field: string;

  /** Creates an error about one field of a batch. */
  constructor(field: string, found: number | string, allowed: string) {
    super(`${field} is ${found}; allowed: ${allowed}`);
    this.field = field;
  }
}
