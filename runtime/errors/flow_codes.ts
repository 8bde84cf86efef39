/** Codes of flows and pipelines. @module */

/** Flows and pipelines. */
export const flowCodes = {
  CAISSON_FLOW_NOT_FOUND: {
    exit: 2,
    meaning: "The flow file is not there.",
    action: "Name an existing .json or .ts file.",
  },
  CAISSON_FLOW_SYNTAX: {
    exit: 2,
    meaning: "The flow file is not JSON, names a key twice, or its module has no default export.",
    action: "Mend the file at the place that is named.",
  },
  CAISSON_FLOW_INVALID: {
    exit: 2,
    meaning: "A value in the flow is not what the schema asks for.",
    action: "Correct the value at the path that is named.",
  },
  CAISSON_FLOW_LINK: {
    exit: 2,
    meaning: "A link names a node or port that does not exist, or makes a cycle.",
    action: "Correct the link; nodes and ports that exist are listed.",
  },
  CAISSON_FLOW_COMPONENT: {
    exit: 3,
    meaning: "The flow uses a component that no registered plugin provides.",
    action: "Install the plugin, or add its folder with --plugins.",
  },
  CAISSON_FLOW_STATE: {
    exit: 1,
    meaning: "The flow is not in a state that allows this.",
    action: "Start it once, and do not use it after stop.",
  },
  CAISSON_BUFFER_IN_USE: {
    exit: 1,
    meaning: "Another flow or process holds the file of a link's buffer.",
    action: "Stop the other one, or give the link a file of its own.",
  },
  CAISSON_BUFFER_BROKEN: {
    exit: 1,
    meaning: "The file of a link's buffer is damaged, or is no buffer.",
    action: "Name another file; move this one away and keep it: sqlite3's .recover may still read it.",
  },
  CAISSON_BUFFER_DAMAGED: {
    exit: 1,
    meaning: "Entries in the file of a link's buffer do not fit their checksums; all others are delivered.",
    action: "Check the disk; the entries lie in the file's table `damaged`.",
  },
  CAISSON_BUFFER_FAILED: {
    exit: 1,
    meaning: "A link's buffer could not read or write its file; events it could not store are failed.",
    action: "Make room on the disk, and check the permissions of the file and its folder.",
  },
  CAISSON_OPERATOR_FAILED: {
    exit: 1,
    meaning: "An operator threw on an event.",
    action: "Connect the pipeline's err port to see the events, and mend the operator.",
  },
  CAISSON_OPERATOR_LIMIT: {
    exit: 1,
    meaning: "An operator reached a limit of its configuration and did what its policy says.",
    action: "Raise the limit, or connect the operator's overflow port to see the events.",
  },
  CAISSON_TABLE_UNREADABLE: {
    exit: 1,
    meaning:
      "The file of an enrich step's table is not there, may not be read, is too large, or a line of it is wrong.",
    action: "Correct the file at the line that is named, or the step at the path that is named.",
  },
  CAISSON_STATE_UNREADABLE: {
    exit: 1,
    meaning: "The file that holds the state of a flow cannot be read or written.",
    action: "Check the path and its permissions, and that no other flow writes the file.",
  },
  CAISSON_STATE_MISMATCH: {
    exit: 1,
    meaning: "A stored state is not of the pipeline that should go on with it.",
    action: "Start with an empty state, or run the flow the state was stored by.",
  },
} as const;
