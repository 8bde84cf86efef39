/**
 * A native processor that hands events on without copying them, or makes each into its count. The same plugin is there
 * twice, in C and in Rust: an example of what a plugin in either language looks like.
 *
 * @module
 */

/** Manifest of the plugin in C; the folder it lies in is what `caisson build` takes. */
export const manifest: URL = new URL("./plugin.json", import.meta.url);

/** Manifest of the plugin in Rust. */
export const rustManifest: URL = new URL("./rust/plugin.json", import.meta.url);
