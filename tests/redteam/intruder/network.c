/* network.c - talking to whom it was not allowed to talk. */
#include "intruder.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int finish(int descriptor, int result) {
  const int failure = result < 0 ? errno : 0;
  if (descriptor >= 0) close(descriptor);
  return failure;
}

static struct sockaddr_in loopback(uint64_t port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static int connect_tcp(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)answer;
  const struct sockaddr_in address = loopback(target->port);
  const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  if (descriptor < 0) return errno;
  return finish(descriptor, connect(descriptor, (const struct sockaddr *)&address, sizeof address));
}

static int connect_tcp6(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)answer;
  struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)target->port)};
  inet_pton(AF_INET6, "::ffff:127.0.0.1", &address.sin6_addr);
  const int descriptor = socket(AF_INET6, SOCK_STREAM, 0);
  if (descriptor < 0) return errno;
  return finish(descriptor, connect(descriptor, (const struct sockaddr *)&address, sizeof address));
}

static int send_with_connect(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)answer;
  const struct sockaddr_in address = loopback(target->port);
  const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  if (descriptor < 0) return errno;
  return finish(descriptor, (int)sendto(descriptor, "x", 1, MSG_FASTOPEN, (const struct sockaddr *)&address, sizeof address));
}

static int connect_multipath(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)answer;
  const struct sockaddr_in address = loopback(target->port);
  const int descriptor = socket(AF_INET, SOCK_STREAM, 262 /* IPPROTO_MPTCP */);
  if (descriptor < 0) return errno;
  return finish(descriptor, connect(descriptor, (const struct sockaddr *)&address, sizeof address));
}

static int send_datagram(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)answer;
  const struct sockaddr_in address = loopback(target->datagram_port);
  const int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
  if (descriptor < 0) return errno;
  return finish(descriptor, (int)sendto(descriptor, "x", 1, 0, (const struct sockaddr *)&address, sizeof address));
}

/* A question to a name server is a datagram with a name in it that may carry anything. */
static int ask_name_server(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)answer;
  static const char question[] = "\0\1\1\0\0\1\0\0\0\0\0\0\6secret\7example\0\0\20\0\1";
  const struct sockaddr_in address = loopback(target->datagram_port);
  const int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);
  if (descriptor < 0) return errno;
  if (connect(descriptor, (const struct sockaddr *)&address, sizeof address) != 0) return finish(descriptor, -1);
  return finish(descriptor, (int)send(descriptor, question, sizeof question - 1, 0));
}

static int connect_unix(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)answer;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%.100s", target->socket_path);
  const int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
  if (descriptor < 0) return errno;
  return finish(descriptor, connect(descriptor, (const struct sockaddr *)&address, sizeof address));
}

static int listen_tcp(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  const struct sockaddr_in address = loopback(0);
  const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  if (descriptor < 0) return errno;
  if (bind(descriptor, (const struct sockaddr *)&address, sizeof address) != 0) return finish(descriptor, -1);
  snprintf(answer, ANSWER_BYTES, "a listener");
  return finish(descriptor, listen(descriptor, 1));
}

static int listen_without_bind(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  if (descriptor < 0) return errno;
  snprintf(answer, ANSWER_BYTES, "a listener on a port of the kernel's choice");
  return finish(descriptor, listen(descriptor, 1));
}

static int open_family(int family, int type, const char *name, char answer[ANSWER_BYTES]) {
  const int descriptor = socket(family, type, 0);
  if (descriptor < 0) return errno;
  snprintf(answer, ANSWER_BYTES, "a socket of %s", name);
  return finish(descriptor, 0);
}

static int open_raw(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  const int descriptor = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
  if (descriptor < 0) return errno;
  snprintf(answer, ANSWER_BYTES, "a raw socket");
  return finish(descriptor, 0);
}

static int open_packet(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  return open_family(AF_PACKET, SOCK_RAW, "AF_PACKET", answer);
}

static int open_netlink(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  return open_family(AF_NETLINK, SOCK_RAW, "AF_NETLINK", answer);
}

static int open_vsock(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  return open_family(AF_VSOCK, SOCK_STREAM, "AF_VSOCK", answer);
}

static int open_alg(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  const int hashing = open_family(AF_ALG, SOCK_SEQPACKET, "AF_ALG", answer);
  return hashing;
}

static int open_pair(const intruder_target *target, char answer[ANSWER_BYTES]) {
  (void)target;
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return errno;
  close(pair[1]);
  snprintf(answer, ANSWER_BYTES, "a pair of sockets, over which descriptors pass");
  return finish(pair[0], 0);
}

const intruder_named intruder_network[] = {
    {"connect-tcp", connect_tcp},
    {"connect-tcp6", connect_tcp6},
    {"send-with-connect", send_with_connect},
    {"connect-multipath", connect_multipath},
    {"send-datagram", send_datagram},
    {"ask-name-server", ask_name_server},
    {"connect-unix", connect_unix},
    {"listen-tcp", listen_tcp},
    {"listen-without-bind", listen_without_bind},
    {"open-raw", open_raw},
    {"open-packet", open_packet},
    {"open-netlink", open_netlink},
    {"open-vsock", open_vsock},
    {"open-alg", open_alg},
    {"open-pair", open_pair},
    {NULL, NULL},
};
