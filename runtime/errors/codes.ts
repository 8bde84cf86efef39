/** Every error code, gathered from its area. `scripts/generate_errors_page.ts` writes `docs/errors.md` from it. @module */
import { commandCodes } from "./command_codes.ts";
import { connectorCodes } from "./connector_codes.ts";
import { controlCodes } from "./control_codes.ts";
import { flowCodes } from "./flow_codes.ts";
import { manifestCodes } from "./manifest_codes.ts";
import { nativeCodes } from "./native_codes.ts";
import { permissionCodes } from "./permission_codes.ts";

/** What is listed for a code. */
export interface CodeEntry {
  /** Exit code of the command line: 1 failure, 2 usage, 3 refused plugin, 4 missing permission. */
  readonly exit: 1 | 2 | 3 | 4;
  /** When the error happens, one sentence. */
  readonly meaning: string;
  /** What to do next, where the error does not say it more exactly. */
  readonly action: string;
}

/** A stable error code. */
export type ErrorCode =
  | keyof typeof commandCodes
  | keyof typeof connectorCodes
  | keyof typeof controlCodes
  | keyof typeof flowCodes
  | keyof typeof manifestCodes
  | keyof typeof nativeCodes
  | keyof typeof permissionCodes;

/** All error codes with their meaning. */
export const codes: Readonly<Record<ErrorCode, CodeEntry>> = {
  ...manifestCodes,
  ...permissionCodes,
  ...nativeCodes,
  ...flowCodes,
  ...connectorCodes,
  ...controlCodes,
  ...commandCodes,
};
