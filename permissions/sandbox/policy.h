/* policy.h - what a process may do once the launcher has let go of it. */
#ifndef CAISSON_SANDBOX_POLICY_H
#define CAISSON_SANDBOX_POLICY_H

#include <stddef.h>
#include <stdint.h>

#define POLICY_PATHS 256u
#define POLICY_PORTS 256u

enum policy_access {
  POLICY_READ = 1,     /* files and folders */
  POLICY_WRITE = 2,    /* changing, making and removing files and folders */
};

typedef struct policy_path {
  const char *path;
  uint32_t access;
} policy_path;

typedef struct policy {
  policy_path paths[POLICY_PATHS];
  uint32_t path_count;
  uint16_t connect[POLICY_PORTS];
  uint32_t connect_count;
  uint16_t bind[POLICY_PORTS];
  uint32_t bind_count;
  int any_connect;        /* TCP to any port: for a grant that names a host and no port */
  int names;              /* files that say how names become addresses */
  int internet;           /* sockets of the internet at all */
  int datagrams;          /* UDP, which only a port filter of Deno's holds */
  int watch;              /* told when files change: for a program that checks itself which ones */
  const char *memory;     /* opened before anything is refused; descriptor 3 of the program */
  uint64_t data_bytes;    /* RLIMIT_DATA; 0: none */
  uint64_t files;         /* RLIMIT_NOFILE; 0: none */
  uint64_t file_bytes;    /* RLIMIT_FSIZE; 0: none */
  char *const *program;   /* what follows `--` */
} policy;

/* Reads arguments after the program's own name. 0, or a message for a person in `wrong`. */
int policy_parse(int count, char *const *arguments, policy *out, char *wrong, size_t capacity);

#endif
