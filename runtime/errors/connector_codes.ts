/** Codes of connectors and codecs. @module */

/** Connectors and codecs. */
export const connectorCodes = {
  CAISSON_CONFIG_INVALID: {
    exit: 2,
    meaning: "A component's configuration is not what its schema asks for.",
    action: "Correct the value at the path that is named.",
  },
  CAISSON_CONNECT_FAILED: {
    exit: 1,
    meaning: "A connector could not connect.",
    action: "Check that the other side is there and that the plugin may reach it.",
  },
  CAISSON_CONNECTION_LOST: {
    exit: 1,
    meaning: "A connection broke off, was closed by the other side, or took longer than its limits allow.",
    action: "Check the other side; with `reconnect` in the flow, it is connected again.",
  },
  CAISSON_CLOSE_FAILED: {
    exit: 1,
    meaning: "A connector could not be closed cleanly.",
    action: "Read the message underneath; what was written before is safe.",
  },
  CAISSON_SOURCE_FAILED: {
    exit: 1,
    meaning: "A source failed while reading.",
    action: "Read the message underneath.",
  },
  CAISSON_SINK_FAILED: {
    exit: 1,
    meaning: "A sink failed while writing; its events are failed.",
    action: "Read the message underneath.",
  },
  CAISSON_BREAKER_TRIGGERED: {
    exit: 1,
    meaning: "A sink failed so often in a row that it is left alone for a while; its events wait.",
    action: "Read why it failed in the errors before; it is tried again by itself.",
  },
  CAISSON_CODEC_DECODE: {
    exit: 1,
    meaning: "An event could not be decoded.",
    action: "Check that the codec fits the data.",
  },
  CAISSON_CODEC_ENCODE: {
    exit: 1,
    meaning: "An event could not be encoded.",
    action: "Check that the codec fits the value.",
  },
  CAISSON_PREPROCESSOR_FAILED: {
    exit: 1,
    meaning: "A preprocessor could not process a chunk.",
    action: "Check that the preprocessors fit the data.",
  },
  CAISSON_POSTPROCESSOR_FAILED: {
    exit: 1,
    meaning: "A postprocessor could not process an event.",
    action: "Check the postprocessors' configuration.",
  },
  CAISSON_EVENT_TOO_LARGE: {
    exit: 1,
    meaning: "An event is larger than a batch can hold.",
    action: "Raise the arena size, or split the event.",
  },
  CAISSON_PLUGIN_THREW: {
    exit: 1,
    meaning: "A plugin threw.",
    action: "Report it to the plugin's author.",
  },
  CAISSON_PLUGIN_PROTOCOL: {
    exit: 1,
    meaning: "A plugin broke the protocol with its host.",
    action: "Report it to the plugin's author.",
  },
  CAISSON_PLUGIN_CRASHED: {
    exit: 1,
    meaning: "The process of a plugin ended or was killed; what it was working on is failed and may be sent again.",
    action: "Report it to the plugin's author; its process is started again by itself.",
  },
  CAISSON_PLUGIN_TIMEOUT: {
    exit: 1,
    meaning: "A plugin did not answer in time.",
    action: "Raise the limit, or report it to the plugin's author.",
  },
} as const;
