/** Files that decide what plugins may do, and the code that sees to it: no plugin may write them. @module */
import { dirname, fromFileUrl, join } from "@std/path";
import { cacheFolder, platformCache } from "../ffi/cache_folder.ts";
import { CaissonError } from "../runtime/errors/caisson_error.ts";
import { type EffectivePermissions, isInside } from "./effective.ts";
import { lockName } from "./lock_name.ts";
import { realPathOf } from "./real_path.ts";
import { stateFolderName } from "./state_folder.ts";

/** What {@linkcode refuseGuardedPaths} guards. */
export interface GuardedPlaces {
  /** The grant file; lock, store and audit log lie beside it. */
  readonly grantsFile: string;
  /** Cache folder the host uses instead of the platform's: launcher, runner, guards and libraries start from there. */
  readonly cacheFolder?: string | undefined;
}

/** What this runtime runs, where it is not loaded from a registry. A clone has other folders, which are nobody's code. */
const CODE = ["mod.ts", "main.ts", "deno.json", "runtime", "permissions", "ffi", "plugins"];

/**
 * Refuses permissions with which a plugin could grant itself more, swap code, or rewrite what was recorded about it.
 *
 * @throws {CaissonError} `CAISSON_GRANT_INVALID`
 */
export async function refuseGuardedPaths(
  plugin: string,
  { write }: EffectivePermissions,
  places: GuardedPlaces,
): Promise<void> {
  if (!write) return;
  const folder = dirname(places.grantsFile);
  const decides = [places.grantsFile, join(folder, lockName), join(folder, stateFolderName)];
  const guarded = await Promise.all([...decides, ...codePlaces(places)].map(realPathOf));
  for (const path of write) {
    const real = await realPathOf(path);
    const met = guarded.findIndex((each) => isInside(each, real) || isInside(real, each));
    if (met === -1) continue;
    const why = met < decides.length
      ? "which decides what plugins may do"
      : "from which the host takes code that it runs";
    throw new CaissonError("CAISSON_GRANT_INVALID", {
      subject: `${plugin}: write ${path}`,
      found: `${guarded[met]}, ${why}, could be written by the plugin`,
      allowed: "folders that hold neither grants, lock, store, audit log nor caches",
      action: "Grant a folder of the plugin's own, such as an output folder beside them.",
    });
  }
}

/** Caches of this runtime and of Deno, Deno, and the runtime itself, as far as the host may learn where they are. */
function codePlaces({ cacheFolder: given }: GuardedPlaces): string[] {
  // The platform's cache, too: other hosts of this user take code from there.
  const places = [given, known(() => cacheFolder()), known(denoFolder), known(() => Deno.execPath())];
  for (const part of CODE) {
    const { protocol, href } = new URL(`../${part}`, import.meta.url);
    if (protocol === "file:") places.push(fromFileUrl(href));
  }
  return places.filter((place) => place !== undefined);
}

function denoFolder(): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: "DENO_DIR" });
  return (state === "granted" ? Deno.env.get("DENO_DIR") : undefined) || platformCache("deno");
}

function known(place: () => string | undefined): string | undefined {
  try {
    return place();
  } catch (cause) {
    if (cause instanceof CaissonError || cause instanceof Deno.errors.NotCapable) return undefined;
    throw cause;
  }
}
