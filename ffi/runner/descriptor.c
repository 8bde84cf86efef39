#include "descriptor.h"

#include <caisson_layout.h>
#include <stddef.h>
#include <string.h>

/* Bits 16 to 31 have to be understood. */
#define KNOWN_STRICT_FLAGS CAISSON_NEEDS_PROCESS
#define STRICT_FLAGS 0xFFFF0000u

static const caisson_layout own_layout[] = {CAISSON_LAYOUT_FIELDS};

static int invalid(fault *why, const char *field, unsigned long found) {
  fault_set(why, "CAISSON_DESCRIPTOR_INVALID", "descriptor: %s is %lu", field, found);
  return 0;
}

static int check_descriptor(const caisson_descriptor *found, uint32_t size, uint32_t index, uint32_t kind, fault *why) {
  if (size < offsetof(caisson_descriptor, interfaces) || size > sizeof *found) return invalid(why, "size", size);
  if (memcmp(found->magic, CAISSON_MAGIC, sizeof found->magic) != 0) return invalid(why, "magic", found->magic[0]);
  if (found->endian != CAISSON_ENDIAN) return invalid(why, "endian", found->endian);
  if (found->abi_major != CAISSON_ABI_MAJOR || found->abi_minor > CAISSON_ABI_MINOR) {
    fault_set(why, "CAISSON_ABI_MISMATCH", "built for ABI %u.%u; allowed: %u.0 to %u.%u", found->abi_major, found->abi_minor,
              CAISSON_ABI_MAJOR, CAISSON_ABI_MAJOR, CAISSON_ABI_MINOR);
    return 0;
  }
  if (found->pointer_size != sizeof(void *)) return invalid(why, "pointer_size", found->pointer_size);
  if ((found->flags & STRICT_FLAGS & ~KNOWN_STRICT_FLAGS) != 0) {
    fault_set(why, "CAISSON_ABI_FLAG", "flags 0x%08x; allowed: 0x%08x", found->flags & STRICT_FLAGS, KNOWN_STRICT_FLAGS);
    return 0;
  }
  if (found->interface_offset != offsetof(caisson_descriptor, interfaces) || found->interface_count < 1 ||
      found->interface_count > CAISSON_MAX_INTERFACES || index >= found->interface_count) {
    return invalid(why, "interface_count", found->interface_count);
  }
  if (found->interfaces[index].kind != kind) return invalid(why, "kind of the component", found->interfaces[index].kind);
  if (found->layout_offset != offsetof(caisson_descriptor, layout) || found->layout_count > CAISSON_MAX_LAYOUT ||
      found->layout_offset + found->layout_count * sizeof(caisson_layout) > size) {
    return invalid(why, "layout_count", found->layout_count);
  }
  return 1;
}

static int check_layout(const caisson_descriptor *found, fault *why) {
  for (size_t at = 0; at < sizeof own_layout / sizeof own_layout[0]; at++) {
    const caisson_layout *own = own_layout + at;
    uint32_t row = 0;
    while (row < found->layout_count && found->layout[row].key != own->key) row++;
    if (row < found->layout_count && found->layout[row].offset == own->offset && found->layout[row].size == own->size) continue;
    fault_set(why, "CAISSON_ABI_LAYOUT", "field 0x%08x lies elsewhere, or is missing; here at %u with %u bytes", own->key,
              own->offset, own->size);
    return 0;
  }
  return 1;
}

int descriptor_check(const caisson_descriptor *found, uint32_t size, uint32_t index, uint32_t kind, fault *why) {
  return check_descriptor(found, size, index, kind, why) && check_layout(found, why);
}
