/** One process at a time. @module */
import { dirname, join } from "@std/path";

/**
 * Runs while no other process does the same with this folder; another one waits.
 *
 * The lock goes away with the process, however that ends.
 */
export async function exclusively<T>(folder: string, act: () => Promise<T>): Promise<T> {
  await Deno.mkdir(folder, { recursive: true });
  using file = await Deno.open(join(folder, ".exclusive"), { read: true, write: true, create: true, mode: 0o600 });
  await file.lock(true);
  try {
    return await act();
  } finally {
    await file.unlock();
  }
}

/** Writes a file so that nobody ever sees half of it, also after a power failure. */
export async function replaceFile(file: string, text: string): Promise<void> {
  const partial = `${file}.${crypto.randomUUID()}.partial`;
  try {
    {
      using opened = await Deno.open(partial, { write: true, createNew: true });
      const bytes = new TextEncoder().encode(text);
      for (let at = 0; at < bytes.length;) at += await opened.write(bytes.subarray(at));
      await opened.sync();
    }
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.rename(partial, file);
  } catch (thrown) {
    await Deno.remove(partial).catch(() => undefined);
    throw thrown;
  }
}
