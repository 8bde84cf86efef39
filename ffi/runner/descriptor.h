/* descriptor.h - whether what a library says about itself fits this program. */
#ifndef CAISSON_RUNNER_DESCRIPTOR_H
#define CAISSON_RUNNER_DESCRIPTOR_H

#include <caisson.h>

#include "fault.h"

/* Checks a descriptor of which the library says that it has `size` bytes, and that component `index` is of `kind`. The
 * host has checked the file; this checks what the file became: a constructor can change its own library. 0 and a fault
 * when it does not fit. */
int descriptor_check(const caisson_descriptor *found, uint32_t size, uint32_t index, uint32_t kind, fault *why);

#endif
