/* load.c - open-loop latency: sends events when they are due, whatever became of those before, and takes the time from
 * when an event was due to when it came back. So a stall counts for every event it held up.
 *
 *   load SEND_PORT RECEIVE_PORT EVENTS_A_SECOND SECONDS WARM_SECONDS
 *
 * Connects to SEND_PORT and listens on RECEIVE_PORT for the lines the measured program sends; each must keep the member
 * "id". One event in four has the level debug and is expected to be dropped. What is sent in the first WARM_SECONDS is not
 * counted: compilers of the measured program are at work. It is over when all have come, the other side ends, or nothing has
 * come for three seconds.
 *
 * Prints p50 and p99, in microseconds, of a typical fifth of a second: the medians of what each had, by when events were
 * due. Once or twice a second something that is not measured (an agent or a daemon of the machine) keeps a processor for
 * milliseconds, which meets one program and not the next by chance, and half of the hundredth that p99 of all events is
 * about. What a program does less than 2.5 times a second does not show in them: p99 and p99.9 of all events are printed
 * beside them. Then how many different events came, how late the sender itself was at worst, and whether sender and receiver
 * had a processor each: a run that lost events has no figure. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LINE 512
#define WINDOWS_A_SECOND 5

static int64_t *due;
/* Of each event, in microseconds; 0 while it has not come. */
static double *latency;
static uint32_t total, warm, expected, received;
static int listener, receiver_pinned;

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static struct sockaddr_in at_port(const char *port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/* Keeps this thread on one processor, the first or the last that this program may use. Left to the scheduler, some runs have
 * sender, program and receiver side by side and others do not, for the whole run, and a wake-up of the other processor takes
 * longer than what is measured. */
static int stay_on(int last) {
  cpu_set_t all, one;
  if (sched_getaffinity(0, sizeof all, &all) != 0 || CPU_COUNT(&all) < 2) return 0;
  int processor = last ? CPU_SETSIZE - 1 : 0;
  while (!CPU_ISSET(processor, &all)) processor += last ? -1 : 1;
  CPU_ZERO(&one);
  CPU_SET(processor, &one);
  return pthread_setaffinity_np(pthread_self(), sizeof one, &one) == 0;
}

/* Reads lines until the other side ends, and notes when each came. */
static void *receive(void *unused) {
  (void)unused;
  receiver_pinned = stay_on(1);
  const int from = accept(listener, NULL, NULL);
  static char buffer[1 << 20];
  size_t have = 0;
  const struct timeval patience = {.tv_sec = 3};
  setsockopt(from, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  for (ssize_t got; received < expected && (got = read(from, buffer + have, sizeof buffer - have)) > 0;) {
    const int64_t came = now();
    have += (size_t)got;
    char *start = buffer;
    for (char *end; (end = memchr(start, '\n', (size_t)(buffer + have - start))) != NULL; start = end + 1) {
      *end = 0;
      const char *id = strstr(start, "\"id\":");
      const uint32_t index = id == NULL ? total : (uint32_t)strtoul(id + 5 + (id[5] == '"'), NULL, 10);
      if (index < total && index >= warm && latency[index] == 0) {
        latency[index] = (double)(came - due[index]) / 1000;
        received++;
      }
    }
    have = (size_t)(buffer + have - start);
    memmove(buffer, start, have);
  }
  close(from);
  return NULL;
}

static int by_size(const void *left, const void *right) {
  const double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

static double share(const double *sorted, uint32_t count, double part) {
  return count == 0 ? -1 : sorted[(uint32_t)(part * (count - 1))];
}

/* Sorts those that came of `count` latencies to the front, and says how many. */
static uint32_t sort_what_came(double *values, uint32_t count) {
  uint32_t came = 0;
  for (uint32_t index = 0; index < count; index++)
    if (values[index] > 0) values[came++] = values[index];
  qsort(values, came, sizeof *values, by_size);
  return came;
}

int main(int count, char **args) {
  if (count < 6) return 2;
  const uint32_t rate = (uint32_t)atoi(args[3]);
  total = rate * (uint32_t)atoi(args[4]);
  warm = rate * (uint32_t)atoi(args[5]);
  if (total <= warm) return 2;
  expected = (total - warm) / 4 * 3;
  due = calloc(total, sizeof *due);
  latency = calloc(total, sizeof *latency);
  /* Else the kernel joins wake-ups less than 50 us apart, and events are sent that much after they are due. */
  prctl(PR_SET_TIMERSLACK, 1);
  const int on = 1;
  listener = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in own = at_port(args[2]), other = at_port(args[1]);
  if (bind(listener, (struct sockaddr *)&own, sizeof own) != 0 || listen(listener, 1) != 0) return perror("listen"), 1;
  pthread_t receiver;
  pthread_create(&receiver, NULL, receive, NULL);
  const int pinned = stay_on(0);
  const int to = socket(AF_INET, SOCK_STREAM, 0);
  int connected = -1;
  for (int attempt = 0; attempt < 100 && connected != 0; attempt++) {
    connected = connect(to, (struct sockaddr *)&other, sizeof other);
    if (connected != 0) usleep(100000);
  }
  if (connected != 0) return perror("connect"), 1;
  setsockopt(to, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const int64_t start = now() + 100000000;
  int64_t late = 0;
  static const char *const levels[] = {"debug", "info", "warn", "error"};
  for (uint32_t index = 0; index < total;) {
    const int64_t next = start + (int64_t)((double)index * 1e9 / rate);
    int64_t time = now();
    if (next > time) {
      const struct timespec rest = {.tv_sec = (next - time) / 1000000000, .tv_nsec = (next - time) % 1000000000};
      nanosleep(&rest, NULL);
      continue;
    }
    /* Everything that is due goes out at once, as from a sender that was held up. */
    static char buffer[64 * LINE];
    size_t length = 0;
    for (; index < total && length < sizeof buffer - LINE; index++) {
      due[index] = start + (int64_t)((double)index * 1e9 / rate);
      if (due[index] > time) break;
      if (index >= warm && time - due[index] > late) late = time - due[index];
      length += (size_t)snprintf(buffer + length, LINE,
                                 "{\"id\":%u,\"ts\":%llu,\"level\":\"%s\",\"service\":\"search\",\"host\":\"node-%u\","
                                 "\"latency_ms\":%u.5,\"bytes\":%u,\"path\":\"/api/v1/search/%u\","
                                 "\"msg\":\"request handled by worker %u with status 200\"}\n",
                                 index, 1700000000000ull + index, levels[index & 3], index % 64, index % 900, index % 65536,
                                 index % 10000, index % 1000);
    }
    for (size_t sent = 0; sent < length;) {
      const ssize_t part = write(to, buffer + sent, length - sent);
      if (part < 0 && errno != EINTR) return perror("write"), 1;
      if (part > 0) sent += (size_t)part;
    }
  }
  shutdown(to, SHUT_WR);
  pthread_join(receiver, NULL);
  const uint32_t window = rate / WINDOWS_A_SECOND, windows = window == 0 ? 0 : (total - warm) / window;
  double *p50 = calloc(windows + 1, sizeof *p50), *p99 = calloc(windows + 1, sizeof *p99);
  double *some = calloc(window + 1, sizeof *some);
  uint32_t full = 0;
  for (uint32_t index = 0; index < windows; index++) {
    memcpy(some, latency + warm + index * window, window * sizeof *some);
    const uint32_t came = sort_what_came(some, window);
    if (came == 0) continue;
    p50[full] = share(some, came, 0.5);
    p99[full++] = share(some, came, 0.99);
  }
  qsort(p50, full, sizeof *p50, by_size);
  qsort(p99, full, sizeof *p99, by_size);
  double *all = latency + warm;
  const uint32_t came = sort_what_came(all, total - warm);
  printf("{\"rate\":%u,\"p50\":%.1f,\"p99\":%.1f,\"p99OfAll\":%.1f,\"p999OfAll\":%.1f,", rate, share(p50, full, 0.5),
         share(p99, full, 0.5), share(all, came, 0.99), share(all, came, 0.999));
  printf("\"received\":%u,\"expected\":%u,\"senderLate\":%.1f,\"pinned\":%s}\n", received, expected, (double)late / 1000,
         pinned && receiver_pinned ? "true" : "false");
  return 0;
}
