/* harness.c - a host in plain C that drives one component of any plugin through everything the ABI allows.
 *
 *   harness LIBRARY COMPONENT GOOD_CONFIG BAD_CONFIG [no-memory]
 *
 * Built with sanitizers, beside a plugin built with the same ones. Ends with "ok" and 0, or says what was wrong and 1. */
#include "../../../ffi/runner/plugin.h"
#include "guarded.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

typedef struct settings {
  uint32_t component;
  uint16_t kind;
  const char *config;
  int offers_memory;
} settings;

typedef struct running {
  caisson_host host;
  caisson_instance *instance;
  guarded memory;
  int has_memory;
} running;

static const uint32_t strides[] = {64, 80, 96, 128};
static const uint32_t sizes[] = {0, 1, 7, 256};
static const char *const payloads[] = {
    "{\"count\":7,\"name\":\"seven\"}", "{}", "", "no json", "{\"count\":-2147483648}", "{\"name\":\"x\",\"count\":1.5}",
    "{\"count\":2147483648}", "[[[[{\"count\":1}]]]]",
};

static void *symbol(void *library, const char *name, int needed) {
  void *found = dlsym(library, name);
  REQUIRE(found != NULL || !needed, "the library does not export %s", name);
  return found;
}

/* dlsym gives an object pointer; C has no cast to a function pointer, but the bytes are the same. */
#define BIND(field, name, needed)                       \
  do {                                                  \
    void *found = symbol(library, name, needed);        \
    memcpy(&self.field, &found, sizeof found);          \
  } while (0)

static plugin load(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  REQUIRE(library != NULL, "%s", dlerror());
  plugin self;
  BIND(describe, "caisson_describe_1", 1);
  BIND(open, "caisson_open_1", 1);
  BIND(close, "caisson_close_1", 1);
  BIND(start, "caisson_start_1", 1);
  BIND(stop, "caisson_stop_1", 1);
  BIND(interrupt, "caisson_interrupt_1", 1);
  BIND(live, "caisson_live_1", 1);
  BIND(memory_size, "caisson_memory_size_1", 0);
  BIND(memory_bind, "caisson_memory_bind_1", 0);
  BIND(metrics, "caisson_metrics_1", 0);
  BIND(source_poll, "caisson_source_poll_1", 0);
  BIND(source_settle, "caisson_source_settle_1", 0);
  BIND(release, "caisson_release_1", 0);
  BIND(sink_write, "caisson_sink_write_1", 0);
  BIND(process, "caisson_process_1", 0);
  return self;
}

static caisson_error fresh_error(void) { return (caisson_error){.size = sizeof(caisson_error)}; }

static void check_error(const caisson_error *error, const char *what) {
  REQUIRE(error->size == sizeof *error, "%s: changed error.size", what);
  REQUIRE(error->code < 0, "%s: failed with error.code %d", what, error->code);
  REQUIRE(error->message_length > 0 && error->message_length <= sizeof error->message, "%s: message of %u bytes", what,
          error->message_length);
  REQUIRE(error->failure_class >= CAISSON_CLASS_TRANSIENT && error->failure_class <= CAISSON_CLASS_FATAL,
          "%s: class %u", what, error->failure_class);
}

static uint16_t check_descriptor(const plugin *self, uint32_t component) {
  const uint32_t size = self->describe(NULL, 0);
  REQUIRE(size >= sizeof(caisson_descriptor), "a descriptor of %u bytes", size);
  guarded small = guarded_take(size - 1);
  REQUIRE(self->describe(small.body, size - 1) == size, "another size when there is no room");
  guarded_check(&small, "describe");
  for (uint32_t at = 0; at < size - 1; at++) REQUIRE(small.body[at] == BODY_FILL, "wrote though there was no room");
  guarded_free(&small);
  guarded exact = guarded_take(size);
  REQUIRE(self->describe(exact.body, size) == size, "another size the second time");
  guarded_check(&exact, "describe");
  caisson_descriptor descriptor;
  memcpy(&descriptor, exact.body, sizeof descriptor);
  guarded_free(&exact);
  REQUIRE(memcmp(descriptor.magic, CAISSON_MAGIC, sizeof descriptor.magic) == 0, "magic");
  REQUIRE(descriptor.interface_count > component, "%u components", descriptor.interface_count);
  REQUIRE(descriptor.layout_count > 50 && descriptor.layout_count <= CAISSON_MAX_LAYOUT, "%u fields in the table",
          descriptor.layout_count);
  return descriptor.interfaces[component].kind;
}

static running open_one(const plugin *self, const settings *with, uint32_t number) {
  running one = {.host = {.size = sizeof(caisson_host), .abi_major = CAISSON_ABI_MAJOR, .instance = number, .max_events = 4096}};
  caisson_error error = fresh_error();
  one.instance = self->open(&one.host, with->component, (const uint8_t *)with->config, (uint32_t)strlen(with->config), &error);
  REQUIRE(one.instance != NULL, "open: %.*s", (int)error.message_length, (const char *)error.message);
  REQUIRE(self->live() >= 1, "an open instance is not counted as live");
  if (with->offers_memory && self->memory_size != NULL && self->memory_bind != NULL) {
    const uint32_t wanted = self->memory_size(one.instance);
    if (wanted > 0) {
      one.memory = guarded_take(wanted);
      one.has_memory = 1;
      REQUIRE(self->memory_bind(one.instance, one.memory.body, wanted, &error) == CAISSON_OK, "bind: %.*s",
              (int)error.message_length, (const char *)error.message);
      guarded_check(&one.memory, "bind");
    }
  }
  return one;
}

static void start_one(const plugin *self, running *one) {
  caisson_error error = fresh_error();
  REQUIRE(self->start(one->instance, &error) == CAISSON_OK, "start: %.*s", (int)error.message_length,
          (const char *)error.message);
}

static void stop_one(const plugin *self, running *one) {
  caisson_error error = fresh_error();
  REQUIRE(self->stop(one->instance, 1000, &error) == CAISSON_OK, "stop: %.*s", (int)error.message_length,
          (const char *)error.message);
}

static void close_one(const plugin *self, running *one) {
  self->close(one->instance);
  if (one->has_memory) {
    guarded_check(&one->memory, "host memory");
    guarded_free(&one->memory);
  }
}

static uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Tells the source that every third event failed, and gives lent memory back. */
static void settle(const plugin *self, running *one, const caisson_batch *filled) {
  guarded_batch judged = batch_take(1, 64, 1, filled->count, 0);
  judged.batch->count = filled->count;
  judged.batch->batch_id = filled->batch_id;
  for (uint32_t index = 0; index < filled->count; index += 3) {
    const caisson_verdict verdict = {.index = index, .action = CAISSON_RETRY, .failure_class = CAISSON_CLASS_TRANSIENT};
    memcpy(judged.block.body + judged.batch->verdict_offset + judged.batch->verdict_count++ * sizeof verdict, &verdict,
           sizeof verdict);
  }
  caisson_error error = fresh_error();
  if (self->source_settle != NULL) {
    REQUIRE(self->source_settle(one->instance, judged.batch, &error) == CAISSON_OK, "settle: %.*s",
            (int)error.message_length, (const char *)error.message);
  }
  guarded_check(&judged.block, "settle");
  batch_free(&judged);
  for (uint32_t index = 1; index < filled->segment_count; index++) {
    if ((batch_segment(filled, index).flags & CAISSON_SEGMENT_LENT) == 0) continue;
    REQUIRE(self->release != NULL, "lends memory, but does not export caisson_release_1");
    self->release(one->instance, filled);
    break;
  }
}

static void drive_source(const plugin *self, running *one, uint32_t stride, uint32_t most) {
  guarded_batch filled = batch_take(most + 3, stride, 4, 0, 4096);
  const caisson_batch before = *filled.batch;
  caisson_error error = fresh_error();
  const int32_t status = self->source_poll(one->instance, filled.batch, most, &error);
  REQUIRE(status == CAISSON_OK || status == CAISSON_AGAIN || status == CAISSON_EOF, "poll: status %d, %.*s", status,
          (int)error.message_length, (const char *)error.message);
  guarded_batch_check(&filled, &before, most, "poll");
  batch_read(filled.batch);
  settle(self, one, filled.batch);
  batch_free(&filled);

  guarded_batch no_segment = batch_take(4, stride, 1, 0, 0);
  const caisson_batch bare = *no_segment.batch;
  error = fresh_error();
  if (self->source_poll(one->instance, no_segment.batch, 4, &error) < 0) {
    check_error(&error, "poll without room for a segment");
  } else {
    guarded_batch_check(&no_segment, &bare, 4, "poll without room for a segment");
    settle(self, one, no_segment.batch);
  }
  batch_free(&no_segment);
}

static guarded_batch batch_of(uint32_t stride, uint32_t events) {
  guarded_batch input = batch_take(events + 1, stride, 2, 0, 32 * (events + 1));
  for (uint32_t index = 0; index < events; index++) {
    batch_append(&input, payloads[index % (sizeof payloads / sizeof *payloads)], now_ns());
  }
  return input;
}

static void require_untouched(const guarded_batch *input, const guarded *snapshot, const char *what) {
  guarded_check(&input->block, what);
  guarded_check(&input->arena, what);
  REQUIRE(memcmp(input->block.body, snapshot->body, snapshot->length) == 0, "%s: changed its input", what);
}

static void drive_sink(const plugin *self, running *one, uint32_t stride, uint32_t events, uint32_t verdicts) {
  guarded_batch input = batch_of(stride, events);
  guarded snapshot = guarded_take(input.block.length);
  memcpy(snapshot.body, input.block.body, input.block.length);
  guarded_batch judged = batch_take(1, 64, 1, verdicts, 0);
  caisson_error error = fresh_error();
  const int32_t status = self->sink_write(one->instance, input.batch, judged.batch, &error);
  REQUIRE(status == CAISSON_OK, "write: status %d, %.*s", status, (int)error.message_length, (const char *)error.message);
  require_untouched(&input, &snapshot, "write");
  guarded_check(&judged.block, "verdicts");
  REQUIRE(judged.batch->verdict_count <= verdicts, "%u verdicts where %u fit", judged.batch->verdict_count, verdicts);
  for (uint32_t index = 0; index < judged.batch->verdict_count; index++) {
    caisson_verdict verdict;
    memcpy(&verdict, judged.block.body + judged.batch->verdict_offset + index * sizeof verdict, sizeof verdict);
    REQUIRE(verdict.index < events && verdict.action <= CAISSON_DROP, "verdict on event %u, action %u", verdict.index,
            verdict.action);
  }
  guarded_free(&snapshot);
  batch_free(&judged);
  batch_free(&input);
}

static void drive_processor(const plugin *self, running *one, uint32_t stride, uint32_t events, uint32_t arena_bytes) {
  guarded_batch input = batch_of(stride, events);
  guarded snapshot = guarded_take(input.block.length);
  memcpy(snapshot.body, input.block.body, input.block.length);
  /* The other side may see records of another stride: the smaller and the larger one are both tried. */
  for (uint32_t other = 0; other < sizeof strides / sizeof *strides; other++) {
    guarded_batch output = batch_take(events + 2, strides[other], 4, 0, arena_bytes);
    const caisson_batch before = *output.batch;
    caisson_error error = fresh_error();
    const int32_t status = self->process(one->instance, input.batch, output.batch, &error);
    guarded_check(&output.block, "process");
    guarded_check(&output.arena, "process");
    require_untouched(&input, &snapshot, "process");
    if (status < 0) {
      check_error(&error, "process");
      REQUIRE(status == CAISSON_E_SPACE && error.need > arena_bytes, "process: status %d, need %u, arena %u, %.*s", status,
              error.need, arena_bytes, (int)error.message_length, (const char *)error.message);
    } else {
      guarded_batch_check(&output, &before, events + 2, "process");
      batch_read(output.batch);
    }
    batch_free(&output);
  }
  /* No room for a single event: an error that says so, and nothing written. */
  if (events > 1) {
    guarded_batch output = batch_take(1, stride, 4, 0, arena_bytes);
    caisson_error error = fresh_error();
    const int32_t status = self->process(one->instance, input.batch, output.batch, &error);
    if (status < 0) check_error(&error, "process without room");
    guarded_check(&output.block, "process without room");
    guarded_check(&output.arena, "process without room");
    batch_free(&output);
  }
  guarded_free(&snapshot);
  batch_free(&input);
}

static void drive(const plugin *self, const settings *with, running *one, uint32_t stride, uint32_t size) {
  switch (with->kind) {
    case CAISSON_SOURCE: drive_source(self, one, stride, size); break;
    case CAISSON_SINK:
      drive_sink(self, one, stride, size, size);
      drive_sink(self, one, stride, size, 0);
      drive_sink(self, one, stride, size, 1);
      break;
    case CAISSON_PROCESSOR:
      drive_processor(self, one, stride, size, 65536);
      drive_processor(self, one, stride, size, 0);
      drive_processor(self, one, stride, size, 3);
      drive_processor(self, one, stride, size, 17);
      break;
    default: REQUIRE(0, "the harness drives no component of kind %u", with->kind);
  }
}

static void check_metrics(const plugin *self, running *one) {
  if (self->metrics == NULL) return;
  const int32_t needed = self->metrics(one->instance, NULL, 0);
  REQUIRE(needed < 0, "metrics: %d for no room", needed);
  guarded text = guarded_take((size_t)-needed);
  const int32_t written = self->metrics(one->instance, text.body, (uint32_t)-needed);
  REQUIRE(written == -needed, "metrics: %d bytes, then %d", -needed, written);
  REQUIRE(text.body[0] == '{' && text.body[written - 1] == '}', "metrics: %.*s", written, (const char *)text.body);
  guarded_check(&text, "metrics");
  printf("%.*s\n", written, (const char *)text.body);
  guarded_free(&text);
}

static void refuse_config(const plugin *self, const settings *with, const char *config) {
  const caisson_host host = {.size = sizeof host, .abi_major = CAISSON_ABI_MAJOR, .instance = 1};
  caisson_error error = fresh_error();
  REQUIRE(self->open(&host, with->component, (const uint8_t *)config, (uint32_t)strlen(config), &error) == NULL,
          "opened with the config %s", config);
  check_error(&error, "open");
  REQUIRE(error.failure_class == CAISSON_CLASS_CONFIG, "a bad config is class %u", error.failure_class);
  printf("refused: %.*s\n", (int)error.message_length, (const char *)error.message);
}

typedef struct bother {
  const plugin *plugin;
  caisson_instance *instance;
  atomic_int done;
} bother;

static void *interrupt_often(void *argument) {
  bother *with = argument;
  while (!atomic_load(&with->done)) {
    with->plugin->interrupt(with->instance);
    with->plugin->live();
  }
  return NULL;
}

/* Functions marked [any] run beside everything else: ThreadSanitizer watches. */
static void drive_while_interrupted(const plugin *self, const settings *with) {
  running one = open_one(self, with, 3);
  start_one(self, &one);
  bother work = {.plugin = self, .instance = one.instance};
  pthread_t thread;
  REQUIRE(pthread_create(&thread, NULL, interrupt_often, &work) == 0, "no thread");
  for (int round = 0; round < 50; round++) drive(self, with, &one, 64, 7);
  atomic_store(&work.done, 1);
  pthread_join(thread, NULL);
  stop_one(self, &one);
  close_one(self, &one);
}

int main(int count, char **arguments) {
  REQUIRE(count >= 5, "usage: harness LIBRARY COMPONENT GOOD_CONFIG BAD_CONFIG [no-memory]");
  const plugin loaded = load(arguments[1]);
  settings with = {.component = (uint32_t)strtoul(arguments[2], NULL, 10),
                   .config = arguments[3],
                   .offers_memory = count < 6 || strcmp(arguments[5], "no-memory") != 0};
  with.kind = check_descriptor(&loaded, with.component);
  REQUIRE(loaded.live() == 0, "live before anything was opened: %u", loaded.live());

  refuse_config(&loaded, &with, arguments[4]);
  refuse_config(&loaded, &with, "{\"broken\":");
  refuse_config(&loaded, &with, "[]");
  REQUIRE(loaded.live() == 0, "live after refused configurations: %u", loaded.live());

  running idle = open_one(&loaded, &with, 1);
  close_one(&loaded, &idle);
  REQUIRE(loaded.live() == 0, "live after close: %u", loaded.live());

  running first = open_one(&loaded, &with, 1);
  running second = open_one(&loaded, &with, 2);
  REQUIRE(loaded.live() >= 2, "two instances, live %u", loaded.live());
  start_one(&loaded, &first);
  start_one(&loaded, &second);
  for (uint32_t stride = 0; stride < sizeof strides / sizeof *strides; stride++) {
    for (uint32_t size = 0; size < sizeof sizes / sizeof *sizes; size++) {
      drive(&loaded, &with, &first, strides[stride], sizes[size]);
      drive(&loaded, &with, &second, strides[stride], sizes[size]);
    }
  }
  check_metrics(&loaded, &first);
  stop_one(&loaded, &first);
  stop_one(&loaded, &first);
  start_one(&loaded, &first);
  drive(&loaded, &with, &first, 64, 7);
  stop_one(&loaded, &first);
  close_one(&loaded, &first);
  drive(&loaded, &with, &second, 64, 7);
  stop_one(&loaded, &second);
  close_one(&loaded, &second);

  drive_while_interrupted(&loaded, &with);
  for (int round = 0; round < 1000; round++) {
    running brief = open_one(&loaded, &with, 4);
    close_one(&loaded, &brief);
  }
  REQUIRE(loaded.live() == 0, "live at the end: %u", loaded.live());
  printf("ok\n");
  return 0;
}
