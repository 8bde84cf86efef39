/** The part of npm's `semver` that is used here, with types (the package has none of its own). @module */
import untyped from "semver";

interface SemVer {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

const semver = untyped as {
  parse(version: string): SemVer | null;
  validRange(range: string): string | null;
  satisfies(version: string, range: string): boolean;
  lt(version: string, other: string): boolean;
};

/** Whether the text is `1.2.3`, with pre-release and build parts where there are any; no `v` before it, no spaces. */
export function isVersion(text: string): boolean {
  return /^[0-9]/.test(text) && text === text.trim() &&
    semver.parse(text) !== null;
}

/** Whether the text is a range of versions, such as `^1.2.0`; the empty text is not. */
export function isRange(text: string): boolean {
  return text.trim() !== "" && semver.validRange(text) !== null;
}

/** Whether the version lies in the range. */
export function satisfies(version: string, range: string): boolean {
  return semver.satisfies(version, range);
}

/** Whether the version comes before the other one. */
export function isOlder(version: string, other: string): boolean {
  return semver.lt(version, other);
}
