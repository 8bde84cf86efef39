/**
 * A native sink that counts events, measures how late they are, and can check where their payloads lie. Build it with
 * `caisson build`, then use it in a flow as `{ "type": "blackhole", "config": { "verify": true } }`.
 *
 * @module
 */

/** The plugin's manifest; the folder it lies in is what `caisson build` takes. */
export const manifest: URL = new URL("./plugin.json", import.meta.url);
