/** A limit on how long opening a connection may take. @module */
import { CaissonError } from "../../../errors/caisson_error.ts";

/**
 * Waits for what `opening` resolves to, at most `milliseconds`; what comes later is closed.
 *
 * @throws {CaissonError} `CAISSON_CONNECT_FAILED` when it takes longer
 */
export async function withinDeadline<T extends { close(): void }>(
  opening: Promise<T>,
  milliseconds: number,
  subject: string,
  what: string,
): Promise<T> {
  const late = Promise.withResolvers<never>();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    late.reject(
      new CaissonError("CAISSON_CONNECT_FAILED", { subject, found: `${what} took longer than ${milliseconds} ms` }),
    );
  }, milliseconds);
  opening.then((opened) => {
    if (isLate) opened.close();
  }, () => {});
  try {
    return await Promise.race([opening, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
