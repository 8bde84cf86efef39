/** Counts lines without holding the file. @module */

/** Lines of a file; a last line without its newline counts. */
export async function countLines(path: string): Promise<number> {
  using file = await Deno.open(path);
  const buffer = new Uint8Array(1 << 18);
  let lines = 0;
  let last = 10;
  for (let read = await file.read(buffer); read !== null; read = await file.read(buffer)) {
    for (let at = buffer.indexOf(10); at >= 0 && at < read; at = buffer.indexOf(10, at + 1)) lines++;
    last = buffer[read - 1]!;
  }
  return last === 10 ? lines : lines + 1;
}
