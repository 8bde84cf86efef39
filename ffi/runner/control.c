#include "control.h"

#include <caisson.h>
#include <caisson_config.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform.h"
#include "text.h"

/* Messages that wait to be handled: the host sends the next one when it has the answer to the last. */
#define MOST_WAITING 64u
#define LOG_LINES_A_SECOND 200u
#define LONGEST_LOG 4000u

static int from_host = -1;
static int to_host = -1;
static void (*on_urgent)(const char *type);

static pthread_mutex_t inbox_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t inbox_changed;
static control_message *inbox_first;
static control_message **inbox_end = &inbox_first;
static atomic_uint inbox_count;
static atomic_uint rings_heard;

static pthread_mutex_t send_lock = PTHREAD_MUTEX_INITIALIZER;

/* The host is gone, or says what no host says: nobody is left to report to. */
static _Noreturn void leave(const char *why) {
  if (why != NULL) fprintf(stderr, "caisson runner: %s\n", why);
  _exit(why == NULL ? 0 : 2);
}

static void enqueue(const uint8_t *line, uint32_t length) {
  control_message *message = malloc(sizeof *message + length + 1);
  const caisson_config fields = {.text = line, .length = length};
  if (message == NULL) leave("no memory for a message of the host");
  message->next = NULL;
  message->length = length;
  memcpy(message->line, line, length);
  message->line[length] = 0;
  if (caisson_config_string(&fields, "type", message->type, sizeof message->type) != CAISSON_CONFIG_FOUND) {
    leave("a line of the host has no type");
  }
  if (strcmp(message->type, "stop") == 0 || strcmp(message->type, "close") == 0) on_urgent(message->type);
  pthread_mutex_lock(&inbox_lock);
  if (atomic_load(&inbox_count) == MOST_WAITING) leave("the host sent more messages than it waits for answers");
  *inbox_end = message;
  inbox_end = &message->next;
  atomic_fetch_add(&inbox_count, 1);
  pthread_cond_broadcast(&inbox_changed);
  pthread_mutex_unlock(&inbox_lock);
}

void control_wake(void) {
  pthread_mutex_lock(&inbox_lock);
  atomic_fetch_add(&rings_heard, 1);
  pthread_cond_broadcast(&inbox_changed);
  pthread_mutex_unlock(&inbox_lock);
}

static void *listen_to_host(void *unused) {
  static uint8_t buffer[CONTROL_LINE_MAX + 1];
  size_t held = 0;
  (void)unused;
  for (;;) {
    const int64_t got = platform_read(from_host, buffer + held, sizeof buffer - held);
    if (got <= 0) leave(NULL);
    const uint8_t *line = buffer;
    const uint8_t *end = buffer + held + (size_t)got;
    const uint8_t *newline;
    int rung = 0;
    while ((newline = memchr(line, '\n', (size_t)(end - line))) != NULL) {
      if (newline == line) rung = 1;
      else enqueue(line, (uint32_t)(newline - line));
      line = newline + 1;
    }
    if (rung) control_wake();
    held = (size_t)(end - line);
    if (held > CONTROL_LINE_MAX) leave("a line of the host is too long");
    memmove(buffer, line, held);
  }
}

void control_start(void (*urgent)(const char *type)) {
  on_urgent = urgent;
  if (!platform_take_standard(&from_host, &to_host)) leave("standard input or output cannot be used");
  platform_condition(&inbox_changed);
  if (!platform_start_thread(listen_to_host, NULL)) leave("no thread to listen with");
}

int control_has_message(void) { return atomic_load_explicit(&inbox_count, memory_order_acquire) != 0; }

static control_message *take_locked(void) {
  control_message *message = inbox_first;
  if (message == NULL) return NULL;
  inbox_first = message->next;
  if (inbox_first == NULL) inbox_end = &inbox_first;
  atomic_fetch_sub(&inbox_count, 1);
  return message;
}

control_message *control_take(void) {
  if (!control_has_message()) return NULL;
  pthread_mutex_lock(&inbox_lock);
  control_message *message = take_locked();
  pthread_mutex_unlock(&inbox_lock);
  return message;
}

control_message *control_wait(void) {
  control_message *message;
  pthread_mutex_lock(&inbox_lock);
  while ((message = take_locked()) == NULL) pthread_cond_wait(&inbox_changed, &inbox_lock);
  pthread_mutex_unlock(&inbox_lock);
  return message;
}

uint32_t control_rings(void) { return atomic_load(&rings_heard); }

void control_sleep(uint32_t rings, uint64_t timeout_ns) {
  struct timespec until;
  clock_gettime(PLATFORM_WAIT_CLOCK, &until);
  const uint64_t nanoseconds = (uint64_t)until.tv_nsec + timeout_ns;
  until.tv_sec += (time_t)(nanoseconds / NANOSECONDS);
  until.tv_nsec = (long)(nanoseconds % NANOSECONDS);
  pthread_mutex_lock(&inbox_lock);
  while (atomic_load(&rings_heard) == rings && inbox_first == NULL) {
    if (pthread_cond_timedwait(&inbox_changed, &inbox_lock, &until) == ETIMEDOUT) break;
  }
  pthread_mutex_unlock(&inbox_lock);
}

/* Writes all of a line. Whoever has begun one finishes it: half a line would be joined to the next. */
static void write_line(const char *bytes, size_t length) {
  size_t written = 0;
  while (written < length) {
    const int64_t got = platform_write(to_host, bytes + written, length - written);
    if (got < 0) leave(NULL);
    if (got == 0) platform_wait_writable(to_host);
    written += (size_t)got;
  }
}

void control_ring(void) {
  pthread_mutex_lock(&send_lock);
  /* A pipe that is full holds something the host has not read, so it will look anyway. */
  platform_write(to_host, "\n", 1);
  pthread_mutex_unlock(&send_lock);
}

static void send_text(text *line) {
  text_put(line, "}\n");
  if (line->full) return;
  pthread_mutex_lock(&send_lock);
  write_line(line->bytes, line->length);
  pthread_mutex_unlock(&send_lock);
}

void control_send(const char *type) {
  char bytes[64];
  text line = text_in(bytes, sizeof bytes);
  text_put(&line, "{\"type\":");
  text_put_string(&line, type, strlen(type));
  send_text(&line);
}

/* Counts a line of the log; 0 when this second has had its share. `left_out` is what earlier seconds left out. */
static int may_log(uint32_t *left_out) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static uint64_t second;
  static uint32_t lines;
  static uint32_t dropped;
  const uint64_t now = platform_now_ns() / NANOSECONDS;
  int may;
  pthread_mutex_lock(&lock);
  *left_out = 0;
  if (now != second) {
    second = now;
    lines = 0;
    *left_out = dropped;
    dropped = 0;
  }
  may = lines < LOG_LINES_A_SECOND;
  if (may) lines++;
  else dropped++;
  pthread_mutex_unlock(&lock);
  return may;
}

static void send_log(uint32_t level, const char *message, uint32_t length) {
  static const char *const names[] = {"error", "warning", "info", "debug"};
  char bytes[LONGEST_LOG * 6 + 128];
  text line = text_in(bytes, sizeof bytes);
  text_put(&line, "{\"type\":\"log\",\"level\":");
  const char *name = names[level >= CAISSON_LOG_ERROR && level <= CAISSON_LOG_DEBUG ? level - CAISSON_LOG_ERROR : 2];
  text_put_string(&line, name, strlen(name));
  text_put(&line, ",\"message\":");
  text_put_string(&line, message, length < LONGEST_LOG ? length : LONGEST_LOG);
  send_text(&line);
}

void control_log(uint32_t level, const char *message, uint32_t length) {
  uint32_t left_out = 0;
  if (!may_log(&left_out)) return;
  if (left_out > 0) {
    char note[64];
    const int written = snprintf(note, sizeof note, "%u log lines of the plugin were left out", left_out);
    send_log(CAISSON_LOG_WARNING, note, (uint32_t)written);
  }
  send_log(level, message, length);
}

void control_fault(const char *stage, const char *name, const char *message) {
  char bytes[8192];
  const size_t length = strlen(message);
  text line = text_in(bytes, sizeof bytes);
  text_put(&line, stage == NULL ? "{\"type\":\"crashed\"" : "{\"type\":\"failed\",\"stage\":");
  if (stage != NULL) text_put_string(&line, stage, strlen(stage));
  text_put(&line, ",\"fault\":{\"name\":");
  text_put_string(&line, name, strlen(name));
  text_put(&line, ",\"message\":");
  text_put_string(&line, message, length < 1024 ? length : 1024);
  text_put(&line, ",\"stack\":\"\"}");
  send_text(&line);
}

void control_metrics(const char *json, uint32_t length) {
  static char bytes[CONTROL_LINE_MAX];
  text line = text_in(bytes, sizeof bytes - 2);
  text_put(&line, "{\"type\":\"metrics\",\"json\":");
  text_put_string(&line, json, length);
  if (line.full) {
    line = text_in(bytes, sizeof bytes);
    text_put(&line, "{\"type\":\"metrics\",\"json\":\"{}\"");
  }
  line.capacity = sizeof bytes;
  send_text(&line);
}
