/* caisson_plugin.h - what the author of a plugin in C or C++ includes: the descriptor, and helpers for batches and
 * reports.
 *
 * Exactly one source file of the plugin says, outside any function:
 *
 *   CAISSON_PLUGIN("@acme/clickstream", "1.2.0", CAISSON_UNLOADABLE,
 *                  CAISSON_COMPONENT(CAISSON_SOURCE, 1, 0, CAISSON_INTERFACE_FAST, "clickstream"))
 *
 * with at most CAISSON_MAX_INTERFACES components, separated by commas; the first is component 0 of caisson_open_1. Names
 * and versions are those of plugin.json. Every other file of the plugin may include this header for the helpers.
 */
#ifndef CAISSON_PLUGIN_H
#define CAISSON_PLUGIN_H

#include "caisson.h"
#include "caisson_batch.h"
#include "caisson_layout.h"
#include "caisson_report.h"

#if defined(__x86_64__) || defined(_M_X64)
#define CAISSON_MACHINE 62
#elif defined(__aarch64__) || defined(_M_ARM64)
#define CAISSON_MACHINE 183
#elif defined(__riscv)
#define CAISSON_MACHINE 243
#else
#error "Caisson knows x86-64, aarch64 and riscv64"
#endif

/* One component: its kind, the version of the interface it implements, CAISSON_INTERFACE_* flags, its name. */
#define CAISSON_COMPONENT(kind, major, minor, flags, name) \
  { (kind), (major), (minor), 0, (flags), 0, name }

#ifdef __cplusplus
template <size_t Count>
constexpr uint16_t caisson_count(const caisson_interface (&)[Count]) {
  return static_cast<uint16_t>(Count);
}
#define CAISSON_COUNT_COMPONENTS(...) caisson_count({__VA_ARGS__})
#define CAISSON_EXTERN_C extern "C"
#else
#define CAISSON_COUNT_COMPONENTS(...) \
  (uint16_t)(sizeof((const caisson_interface[]){__VA_ARGS__}) / sizeof(caisson_interface))
#define CAISSON_EXTERN_C extern
#endif

/* The descriptor is exported, too, so that no linker drops it; a const of C++ would not be without the declaration. */
#define CAISSON_PLUGIN(plugin_name, plugin_version, plugin_flags, ...)                    \
  CAISSON_EXTERN_C CAISSON_EXPORT const caisson_descriptor caisson_descriptor_1;          \
  CAISSON_SECTION const caisson_descriptor caisson_descriptor_1 = {                       \
      {'C', 'A', 'I', 'S', 'S', 'O', 'N', 0},                                             \
      (uint32_t)sizeof(caisson_descriptor),                                               \
      CAISSON_ABI_MAJOR,                                                                  \
      CAISSON_ABI_MINOR,                                                                  \
      CAISSON_ENDIAN,                                                                     \
      (plugin_flags),                                                                     \
      CAISSON_MACHINE,                                                                    \
      (uint8_t)sizeof(void *),                                                            \
      0,                                                                                  \
      CAISSON_MAX_EVENTS,                                                                 \
      CAISSON_MAX_EVENT_BYTES,                                                            \
      (uint16_t)offsetof(caisson_descriptor, interfaces),                                 \
      CAISSON_COUNT_COMPONENTS(__VA_ARGS__),                                              \
      (uint16_t)offsetof(caisson_descriptor, layout),                                     \
      CAISSON_LAYOUT_COUNT,                                                               \
      0,                                                                                  \
      plugin_name,                                                                        \
      plugin_version,                                                                     \
      "caisson_plugin.h",                                                                 \
      {__VA_ARGS__},                                                                      \
      {CAISSON_LAYOUT_FIELDS}};                                                           \
  uint32_t caisson_describe_1(uint8_t *out, uint32_t capacity) {                          \
    if (out != NULL && capacity >= sizeof caisson_descriptor_1) {                         \
      memcpy(out, &caisson_descriptor_1, sizeof caisson_descriptor_1);                    \
    }                                                                                     \
    return (uint32_t)sizeof caisson_descriptor_1;                                         \
  }

#endif
