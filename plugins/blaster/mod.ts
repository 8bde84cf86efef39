/**
 * A native source that replays a file, or made-up events, from memory. Build it with `caisson build`, then use it in a
 * flow as `{ "type": "blaster", "config": { "path": "access.log" } }`.
 *
 * @module
 */

/** The plugin's manifest; the folder it lies in is what `caisson build` takes. */
export const manifest: URL = new URL("./plugin.json", import.meta.url);
