/**
 * A native processor that runs the filters and projections of a pipeline on the raw bytes of JSON events. The host uses
 * it by itself where it is registered; flows never name it.
 *
 * @module
 */

/** Manifest of the plugin; the folder it lies in is what `caisson build` takes. */
export const manifest: URL = new URL("./plugin.json", import.meta.url);
