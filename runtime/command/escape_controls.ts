/** Keeps text from elsewhere from steering a terminal. @module */

// Control characters but newline and tab, zero-width characters and direction marks.
const steering =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** The text with everything escaped that a terminal would act on or not show; newlines and tabs stay. */
export function escapeControls(text: string): string {
  return text.replace(steering, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
