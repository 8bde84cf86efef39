// json_kernel.cpp - a processor that filters, projects and reads JSON events without decoding them into JavaScript, and the
// preprocessor `lines`.
//
// For every event that is not dropped it leaves a mark in the arena (columns.hpp): which event of the input it is, and
// what became of it. Unless it only reads columns, it appends a record for each of them, too: with the projection, or with the
// bytes of the event where they are.
#include <caisson_config.h>
#include <caisson_plugin.h>

#include <atomic>
#include <cinttypes>
#include <cstdio>
#include <memory>
#include <new>
#include <string>

#include "evaluator.hpp"
#include "line_cutter.hpp"
#include "shared_segments.hpp"

CAISSON_PLUGIN("@caisson/json-kernel", "0.1.0", CAISSON_UNLOADABLE | CAISSON_SHARED_SAFE,
               CAISSON_COMPONENT(CAISSON_PROCESSOR, 1, 0, CAISSON_INTERFACE_FAST, "json_kernel"),
               CAISSON_COMPONENT(CAISSON_PREPROCESSOR, 1, 0, CAISSON_INTERFACE_FAST, "lines"))

namespace {

constexpr uint32_t kPunted = 0x80000000u;
constexpr uint32_t kProjected = 0x40000000u;
constexpr uint32_t kIndexes = 0x3fffffffu;

constexpr uint32_t kLines = 1;              // interfaces of the descriptor
constexpr uint32_t kLongestLine = 1u << 20;
constexpr uint32_t kMostLongestLine = 1u << 26;

std::atomic<uint32_t> live{0};

}  // namespace

// A kernel, or a cutter of lines.
struct caisson_instance {
  explicit caisson_instance(kernel::Program &&given) : program(std::move(given)), evaluator(new kernel::Evaluator(program)) {}
  explicit caisson_instance(uint32_t longest) : cutter(new kernel::LineCutter(longest)) {}

  kernel::Program program{};
  std::unique_ptr<kernel::Evaluator> evaluator{};
  std::unique_ptr<kernel::LineCutter> cutter{};
  uint64_t events = 0;
  uint64_t dropped = 0;
  uint64_t punted = 0;
};

extern "C" {

static int32_t judge(caisson_instance *self, const caisson_batch *batch, caisson_batch *out, caisson_error *error) {
  if (out->capacity < batch->count || batch->count > kIndexes) {
    return caisson_fail(error, CAISSON_E_ARGUMENT, CAISSON_CLASS_PERMANENT, "out holds %u events; needed: %u",
                        out->capacity, batch->count);
  }
  caisson_segment *const arena = caisson_segments(out);
  const uint64_t columns = self->program.reads.size();
  const uint64_t rows_at = (sizeof(kernel::Table) + 4u * static_cast<uint64_t>(batch->count) + 7u) & ~uint64_t{7};
  const uint64_t free_at = rows_at + 8u * columns * batch->count;
  if (arena->base == 0 || (arena->base & 7u) != 0 || arena->capacity < free_at) {
    return caisson_fail(error, CAISSON_E_ARGUMENT, CAISSON_CLASS_PERMANENT, "out has no room for the table of %u events",
                        batch->count);
  }
  char *const base = reinterpret_cast<char *>(static_cast<uintptr_t>(arena->base));
  kernel::Table *const table = reinterpret_cast<kernel::Table *>(base);
  uint32_t *const marks = reinterpret_cast<uint32_t *>(base + sizeof(kernel::Table));
  uint64_t *const rows = reinterpret_cast<uint64_t *>(base + rows_at);
  kernel::Texts &texts = self->evaluator->texts();
  self->evaluator->begin();
  const bool anew = texts.starts_anew();
  const uint32_t first_text = texts.next();
  // Without a projection the host takes events from the batch itself.
  const bool makes_records = self->program.projects || columns == 0;
  const bool shares = makes_records && !self->program.projects && batch->segment_count < out->segment_capacity;
  if (shares) kernel::share_segments(batch, out);
  kernel::Room room{base, static_cast<uint32_t>(free_at), arena->capacity & ~7u};
  uint32_t count = 0, punted = 0;
  for (uint32_t index = 0; index < batch->count; index++) {
    const caisson_record *const record = caisson_record_at(batch, index);
    const caisson_slice payload = caisson_payload(batch, record);
    const uint64_t readable = payload.data == nullptr
                                  ? 0
                                  : static_cast<uint64_t>(caisson_segments(batch)[record->payload_segment].length) -
                                        record->payload_offset;
    kernel::Written written{0, 0};
    const kernel::Verdict verdict =
        payload.data == nullptr
            ? kernel::Verdict::Punt
            : self->evaluator->run(payload.data, payload.length, readable, room, written, rows + columns * count);
    if (verdict == kernel::Verdict::Drop) continue;
    uint32_t mark = index;
    if (verdict == kernel::Verdict::Projected) {
      mark |= kProjected;
    } else if (verdict == kernel::Verdict::Punt) {
      mark |= kPunted;
      punted++;
    }
    if (makes_records) {
      caisson_record *const made = caisson_copy_record(out, count, batch, index);
      if (shares) {
        kernel::point_at_shared(made);
      } else {
        made->key_segment = made->meta_segment = made->payload_segment = 0;
        made->key_offset = made->key_length = made->meta_offset = made->meta_length = 0;
        made->payload_offset = written.start;
        made->payload_length = written.length;
      }
    }
    marks[count++] = mark;
  }
  *table = {count, punted, anew ? 1u : 0u, texts.next() - first_text, static_cast<uint32_t>(rows_at),
            shares ? 1u : 0u, {0, 0}};
  out->count = makes_records ? count : 0;
  out->arena_used = arena->length = room.front;
  self->events += batch->count;
  self->dropped += batch->count - count;
  self->punted += punted;
  return CAISSON_OK;
}

int32_t caisson_process_1(caisson_instance *self, const caisson_batch *batch, caisson_batch *out, caisson_error *error) {
  if (self->cutter == nullptr) return judge(self, batch, out, error);
  const uint32_t before = out->count;
  const int32_t status = self->cutter->cut(batch, out);
  self->events += out->count - before;
  return status;
}

caisson_instance *caisson_open_1(const caisson_host *host, uint32_t component, const uint8_t *config,
                                 uint32_t config_length, caisson_error *error) {
  (void)host;
  try {
    if (component == kLines) {
      uint64_t longest = kLongestLine;
      const caisson_config fields = {config, config_length};
      if (caisson_config_u64(&fields, "max_length", &longest) == CAISSON_CONFIG_INVALID || longest == 0 || longest > kMostLongestLine) {
        caisson_fail(error, CAISSON_E_ARGUMENT, CAISSON_CLASS_CONFIG, "max_length: allowed: 1 to %u", kMostLongestLine);
        return nullptr;
      }
      caisson_instance *const self = new caisson_instance(static_cast<uint32_t>(longest));
      live.fetch_add(1);
      return self;
    }
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
