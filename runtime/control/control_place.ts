/** Where the control file is when nobody says. @module */
import { join } from "@std/path";
import { stateFolderName } from "../../permissions/state_folder.ts";

/** In the working directory: what `run` writes there, `ctl` finds there. */
export const controlFileName: string = join(stateFolderName, "control.json");
