// json_kernel.cpp - a processor that filters and projects JSON events without decoding them into JavaScript.
//
// For every event that is not dropped it appends a record whose field `reserved` says which event of the input it is,
// and what became of it: KEPT and PUNTED records carry no payload of their own.
#include <caisson_config.h>
#include <caisson_plugin.h>

#include <atomic>
#include <cinttypes>
#include <cstdio>
#include <new>
#include <string>

#include "evaluator.hpp"

CAISSON_PLUGIN("@caisson/json-kernel", "0.1.0", CAISSON_UNLOADABLE | CAISSON_SHARED_SAFE,
               CAISSON_COMPONENT(CAISSON_PROCESSOR, 1, 0, CAISSON_INTERFACE_FAST, "json_kernel"))

namespace {

constexpr uint32_t kPunted = 0x80000000u;
constexpr uint32_t kProjected = 0x40000000u;
constexpr uint32_t kIndexes = 0x3fffffffu;

std::atomic<uint32_t> live{0};

}  // namespace

struct caisson_instance {
  explicit caisson_instance(kernel::Program &&given) : program(std::move(given)), evaluator(program) {}

  kernel::Program program;
  kernel::Evaluator evaluator;
  uint64_t events = 0;
  uint64_t dropped = 0;
  uint64_t punted = 0;
};

extern "C" {

int32_t caisson_process_1(caisson_instance *self, const caisson_batch *batch, caisson_batch *out, caisson_error *error) {
  if (out->capacity < batch->count || batch->count > kIndexes) {
    return caisson_fail(error, CAISSON_E_ARGUMENT, CAISSON_CLASS_PERMANENT, "out holds %u events; needed: %u",
                        out->capacity, batch->count);
  }
  caisson_segment *const arena = caisson_segments(out);
  uint32_t count = 0;
  for (uint32_t index = 0; index < batch->count; index++) {
    const caisson_record *const record = caisson_record_at(batch, index);
    const caisson_slice payload = caisson_payload(batch, record);
    const uint64_t readable = payload.data == nullptr
                                  ? 0
                                  : static_cast<uint64_t>(caisson_segments(batch)[record->payload_segment].length) -
                                        record->payload_offset;
    const uint32_t start = (out->arena_used + 7u) & ~7u;
    kernel::Room room{nullptr, 0, 0};
    if (arena->base != 0 && start < arena->capacity) {
      room.start = reinterpret_cast<char *>(static_cast<uintptr_t>(arena->base)) + start;
      room.capacity = arena->capacity - start;
    }
    const kernel::Verdict verdict = payload.data == nullptr
                                        ? kernel::Verdict::Punt
                                        : self->evaluator.run(payload.data, payload.length, readable, room);
    if (verdict == kernel::Verdict::Drop) continue;
    caisson_record *const made = caisson_copy_record(out, count++, batch, index);
    made->key_segment = made->meta_segment = 0;
    made->key_offset = made->key_length = made->meta_offset = made->meta_length = 0;
    made->payload_segment = 0;
    made->payload_offset = made->payload_length = 0;
    made->reserved = index;
    if (verdict == kernel::Verdict::Projected) {
      made->payload_offset = start;
      made->payload_length = room.length;
      made->reserved = index | kProjected;
      out->arena_used = arena->length = start + room.length;
    } else if (verdict == kernel::Verdict::Punt) {
      made->reserved = index | kPunted;
      self->punted++;
    }
  }
  self->events += batch->count;
  self->dropped += batch->count - count;
  out->count = count;
  return CAISSON_OK;
}

caisson_instance *caisson_open_1(const caisson_host *host, uint32_t component, const uint8_t *config,
                                 uint32_t config_length, caisson_error *error) {
  (void)host;
  (void)component;
  try {
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    std::string_view text;
    kernel::Program program;
    if (parser.parse(config, config_length).get(root) != simdjson::SUCCESS ||
        root["program"].get_string().get(text) != simdjson::SUCCESS || !kernel::compile(text, program)) {
      caisson_fail(error, CAISSON_E_ARGUMENT, CAISSON_CLASS_CONFIG, "program: allowed: what this host's pipelines write");
      return nullptr;
    }
    caisson_instance *const self = new caisson_instance(std::move(program));
    live.fetch_add(1);
    return self;
  } catch (const std::bad_alloc &) {
    caisson_fail(error, CAISSON_E_MEMORY, CAISSON_CLASS_TRANSIENT, "no memory for an instance");
    return nullptr;
  }
}

void caisson_close_1(caisson_instance *self) {
  delete self;
  live.fetch_sub(1);
}

int32_t caisson_start_1(caisson_instance *self, caisson_error *error) {
  (void)self;
  (void)error;
  return CAISSON_OK;
}

int32_t caisson_stop_1(caisson_instance *self, uint32_t deadline_ms, caisson_error *error) {
  (void)self;
  (void)deadline_ms;
  (void)error;
  return CAISSON_OK;
}

// Nothing here ever waits.
void caisson_interrupt_1(caisson_instance *self) { (void)self; }

uint32_t caisson_live_1(void) { return live.load(); }

int32_t caisson_metrics_1(caisson_instance *self, uint8_t *out, uint32_t capacity) {
  char text[160];
  const int length = std::snprintf(text, sizeof text,
                                   "{\"events\":%" PRIu64 ",\"dropped\":%" PRIu64 ",\"punted\":%" PRIu64 "}",
                                   self->events, self->dropped, self->punted);
  if (out == nullptr || static_cast<uint32_t>(length) > capacity) return -length;
  std::memcpy(out, text, static_cast<size_t>(length));
  return length;
}

}  // extern "C"
