/** Regular expressions. @module */
import { messageOf } from "../../errors/caisson_error.ts";
import { invalid } from "../invalid.ts";

/** Named groups, or `{}` when there are none. @throws {CaissonError} `CAISSON_FLOW_INVALID` */
export function compileRegex(pattern: string, flags: string | undefined, path: string): (text: string) => unknown {
  const regex = newRegex(pattern, flags ?? "u", path);
  return (text) => {
    const match = regex.exec(text);
    return match === null ? undefined : { ...match.groups };
  };
}

/** A regular expression that keeps no state between texts. @throws {CaissonError} `CAISSON_FLOW_INVALID` */
export function newRegex(pattern: string, flags: string, path: string): RegExp {
  try {
    return new RegExp(pattern, flags.replace(/[gy]/g, ""));
  } catch (error) {
    throw invalid(path, messageOf(error), "a regular expression");
  }
}
