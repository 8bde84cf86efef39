/** Codes of the command line. @module */

/** Command line. */
export const commandCodes = {
  CAISSON_USAGE: {
    exit: 2,
    meaning: "The command line was not understood.",
    action: "Run caisson help.",
  },
  CAISSON_FOLDER_EXISTS: {
    exit: 2,
    meaning: "The folder to create is already there.",
    action: "Choose another name, or remove the folder.",
  },
  CAISSON_INTERNAL: {
    exit: 1,
    meaning: "Something happened that should not be possible.",
    action: "Report it with the message underneath.",
  },
} as const;
