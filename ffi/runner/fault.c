#include "fault.h"

#include <stdarg.h>
#include <stdio.h>

void fault_set(fault *why, const char *name, const char *format, ...) {
  va_list arguments;
  snprintf(why->name, sizeof why->name, "%s", name);
  va_start(arguments, format);
  vsnprintf(why->message, sizeof why->message, format, arguments);
  va_end(arguments);
}

void fault_of_call(fault *why, const char *call, const caisson_error *error) {
  static const char *const classes[] = {"class 0", "transient", "throttled", "permanent", "config", "fatal"};
  const uint32_t longest = sizeof error->message;
  const uint32_t length = error->message_length < longest ? error->message_length : longest;
  const int has_class = error->failure_class <= CAISSON_CLASS_FATAL;
  fault_set(why, error->failure_class == CAISSON_CLASS_CONFIG ? "CAISSON_CONFIG_INVALID" : "CAISSON_NATIVE_CALL",
            "%s%s%.*s (code %d, %s)", call == NULL ? "" : call, call == NULL ? "" : ": ", length == 0 ? 10 : (int)length,
            length == 0 ? "no message" : (const char *)error->message, error->code,
            has_class ? classes[error->failure_class] : "unknown class");
}
