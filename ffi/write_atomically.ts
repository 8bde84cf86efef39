/** Files that are either whole or not there. @module */

/** Writes beside the file and renames: nobody ever sees half of it, and a mapping of the old file stays what it was. */
export async function writeAtomically(
  file: string,
  data: Uint8Array | string,
  options: { readonly mode?: number } = {},
): Promise<void> {
  const partial = `${file}.${crypto.randomUUID()}.partial`;
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  try {
    await Deno.writeFile(partial, bytes, { createNew: true });
    if (options.mode !== undefined && Deno.build.os !== "windows") {
      await Deno.chmod(partial, options.mode);
    }
    await Deno.rename(partial, file);
  } catch (cause) {
    await Deno.remove(partial).catch(() => undefined);
    throw cause;
  }
}
