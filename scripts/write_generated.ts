/** Writes generated files, or says which of them are stale. @module */

/**
 * Writes each text to its file; with `check`, only compares.
 *
 * @returns exit code: 1 when `check` found a difference
 */
export async function writeGenerated(
  files: readonly (readonly [URL, string])[],
  check: boolean,
): Promise<0 | 1> {
  let stale = false;
  for (const [file, text] of files) {
    if (!check) {
      await Deno.writeTextFile(file, text);
      continue;
    }
    const found = await Deno.readTextFile(file).catch(() => undefined);
    // Git may have turned line ends into those of the system.
    if (found?.replaceAll("\r\n", "\n") === text) continue;
    stale = true;
    await Deno.stderr.write(new TextEncoder().encode(`${file.pathname} is stale; run the script without --check\n`));
  }
  return stale ? 1 : 0;
}
