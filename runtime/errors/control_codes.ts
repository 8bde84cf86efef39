/** Codes of what is done to a runtime while it runs. @module */

/** Control. */
export const controlCodes = {
  CAISSON_CONTROL_REQUEST: {
    exit: 2,
    meaning: "A request to the control API was not understood.",
    action: "Read docs/control.md for what can be asked.",
  },
  CAISSON_CONTROL_UNKNOWN: {
    exit: 1,
    meaning: "A request to the control API names a flow, connector or plugin that is not there.",
    action: "Ask with caisson ctl status for what runs.",
  },
  CAISSON_CONTROL_REFUSED: {
    exit: 4,
    meaning: "A request to the control API was refused: it had no valid token, or came from where none may come from.",
    action: "Use the control file the running host wrote.",
  },
  CAISSON_CONTROL_UNREACHABLE: {
    exit: 1,
    meaning: "No host answers under the address in the control file.",
    action: "Start one with caisson run FLOW --control ADDRESS.",
  },
  CAISSON_PLUGIN_IN_USE: {
    exit: 1,
    meaning: "A plugin was to be removed while a flow uses it.",
    action: "Stop the flow first, or remove it with --force, which stops the flow.",
  },
  CAISSON_REPLACE_FAILED: {
    exit: 1,
    meaning: "A plugin could not be replaced while its flow runs; the old one goes on.",
    action: "Read why, repair the new version and replace it again, or stop the flow first.",
  },
} as const;
