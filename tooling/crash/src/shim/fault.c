/*
 * Fails, shortens, delays or ends at chosen file system calls of a process. Preloaded (LD_PRELOAD), so that every library in the
 * process is met, SQLite's file layer and Node's included. Linux, glibc.
 *
 *   FAULT_ROOT   only calls on paths that start with this are counted
 *   FAULT_CALLS  comma-separated names to count, such as "write,fsync"; all when unset (write: write, pwrite, writev, pwritev)
 *   FAULT_AT     the call to meet, counted from 1; 0 meets none, which is how calls are counted
 *   FAULT_TIMES  how many calls from there on are met; 1 when unset
 *   FAULT_DO     errno:<number>   the call is not made and fails so
 *                short            half of the bytes are written (a call of one byte is left alone); calls that write nothing are left alone
 *                exit             the process ends before the call
 *                exit-short       half of the bytes are written, then the process ends
 *                exit-after       the process ends behind the call
 *   FAULT_LOG    file that gets a line for each counted call
 *   FAULT_DELAY  microseconds by which every fsync and fdatasync is slowed, counted or not
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum action { NOTHING, FAIL, SHORTEN, EXIT, EXIT_SHORT, EXIT_AFTER };

static struct {
  const char *root, *calls;
  long at, times, delay;
  enum action action;
  int error, log;
} fault;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static long counted;

static void end(void) {
  /* As a kill would: no handlers, no flushing. */
  syscall(SYS_exit_group, 137);
}

static void configure(void) {
  const char *value;
  fault.root = getenv("FAULT_ROOT");
  fault.calls = getenv("FAULT_CALLS");
  fault.at = (value = getenv("FAULT_AT")) ? atol(value) : 0;
  fault.times = (value = getenv("FAULT_TIMES")) ? atol(value) : 1;
  fault.delay = (value = getenv("FAULT_DELAY")) ? atol(value) : 0;
  fault.log = -1;
  if ((value = getenv("FAULT_LOG")))
    fault.log = (int)syscall(SYS_openat, AT_FDCWD, value, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (!(value = getenv("FAULT_DO"))) return;
  if (!strncmp(value, "errno:", 6)) fault.action = FAIL, fault.error = atoi(value + 6);
  else if (!strcmp(value, "short")) fault.action = SHORTEN;
  else if (!strcmp(value, "exit")) fault.action = EXIT;
  else if (!strcmp(value, "exit-short")) fault.action = EXIT_SHORT;
  else if (!strcmp(value, "exit-after")) fault.action = EXIT_AFTER;
}

static bool wanted(const char *name) {
  if (!fault.calls) return true;
  size_t length = strlen(name);
  for (const char *at = fault.calls; (at = strstr(at, name)); at += length)
    if ((at == fault.calls || at[-1] == ',') && (at[length] == ',' || at[length] == 0)) return true;
  return false;
}

static bool below_root(const char *path) {
  return path && fault.root && !strncmp(path, fault.root, strlen(fault.root));
}

static const char *path_of(int fd, char *buffer) {
  char link[32];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, buffer, PATH_MAX - 1);
  if (length < 0) return NULL;
  buffer[length] = 0;
  return buffer;
}

/* What is to happen at this call. Ends the process when it is to end before the call. */
static enum action meet(const char *name, const char *path) {
  pthread_once(&once, configure);
  if (!fault.root || !below_root(path) || !wanted(name)) return NOTHING;
  long number = __atomic_add_fetch(&counted, 1, __ATOMIC_SEQ_CST);
  bool met = fault.at > 0 && number >= fault.at && number < fault.at + fault.times;
  if (fault.log >= 0) {
    char line[PATH_MAX + 64];
    int length = snprintf(line, sizeof line, "%ld %s %s%s\n", number, name, path, met ? " <-" : "");
    syscall(SYS_write, fault.log, line, length);
  }
  if (!met) return NOTHING;
  if (fault.action == EXIT) end();
  return fault.action;
}

static enum action meet_fd(const char *name, int fd) {
  pthread_once(&once, configure);
  if (!fault.root) return NOTHING;
  char buffer[PATH_MAX];
  int before = errno;
  const char *path = path_of(fd, buffer);
  errno = before;
  return meet(name, path);
}

/* A relative path counts by the directory that it starts from. */
static enum action meet_at(const char *name, int directory, const char *path) {
  pthread_once(&once, configure);
  if (!fault.root) return NOTHING;
  if (path[0] == '/') return meet(name, path);
  char whole[2 * PATH_MAX], buffer[PATH_MAX];
  const char *start = directory == AT_FDCWD ? getcwd(buffer, sizeof buffer) : path_of(directory, buffer);
  snprintf(whole, sizeof whole, "%s/%s", start ? start : "", path);
  return meet(name, whole);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define PERFORM(action, call)              \
  do {                                     \
    if ((action) == FAIL) {                \
      errno = fault.error;                 \
      return -1;                           \
    }                                      \
    __auto_type result = (call);           \
    if ((action) == EXIT_AFTER) end();     \
    return result;                         \
  } while (0)

static size_t half(enum action action, size_t count) {
  return action == SHORTEN || action == EXIT_SHORT ? (count + 1) / 2 : count;
}

static ssize_t finish(enum action action, ssize_t result) {
  if (action == EXIT_AFTER || action == EXIT_SHORT) end();
  return result;
}

ssize_t write(int fd, const void *bytes, size_t count) {
  enum action action = meet_fd("write", fd);
  if (action == FAIL) { errno = fault.error; return -1; }
  return finish(action, REAL(write)(fd, bytes, half(action, count)));
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
  enum action action = meet_fd("write", fd);
  if (action == FAIL) { errno = fault.error; return -1; }
  return finish(action, REAL(pwrite)(fd, bytes, half(action, count), offset));
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
  enum action action = meet_fd("write", fd);
  if (action == FAIL) { errno = fault.error; return -1; }
  return finish(action, REAL(pwrite64)(fd, bytes, half(action, count), offset));
}

/* Of several pieces, a shortened call writes half of the first. */
ssize_t writev(int fd, const struct iovec *pieces, int count) {
  enum action action = meet_fd("write", fd);
  if (action == FAIL) { errno = fault.error; return -1; }
  if ((action == SHORTEN || action == EXIT_SHORT) && count > 0)
    return finish(action, REAL(write)(fd, pieces[0].iov_base, half(action, pieces[0].iov_len)));
  return finish(action, REAL(writev)(fd, pieces, count));
}

ssize_t pwritev(int fd, const struct iovec *pieces, int count, off_t offset) {
  enum action action = meet_fd("write", fd);
  if (action == FAIL) { errno = fault.error; return -1; }
  if ((action == SHORTEN || action == EXIT_SHORT) && count > 0)
    return finish(action, REAL(pwrite)(fd, pieces[0].iov_base, half(action, pieces[0].iov_len), offset));
  return finish(action, REAL(pwritev)(fd, pieces, count, offset));
}

ssize_t pwritev64(int fd, const struct iovec *pieces, int count, off64_t offset) {
  return pwritev(fd, pieces, count, offset);
}

static void slow(void) {
  pthread_once(&once, configure);
  if (fault.delay <= 0) return;
  struct timespec time = {fault.delay / 1000000, fault.delay % 1000000 * 1000};
  nanosleep(&time, NULL);
}

int fsync(int fd) {
  slow();
  enum action action = meet_fd("fsync", fd);
  PERFORM(action, REAL(fsync)(fd));
}

int fdatasync(int fd) {
  slow();
  enum action action = meet_fd("fsync", fd);
  PERFORM(action, REAL(fdatasync)(fd));
}

int ftruncate(int fd, off_t length) {
  enum action action = meet_fd("truncate", fd);
  PERFORM(action, REAL(ftruncate)(fd, length));
}

int ftruncate64(int fd, off64_t length) {
  enum action action = meet_fd("truncate", fd);
  PERFORM(action, REAL(ftruncate64)(fd, length));
}

int rename(const char *from, const char *to) {
  enum action action = meet_at("rename", AT_FDCWD, to);
  PERFORM(action, REAL(rename)(from, to));
}

int renameat(int from_directory, const char *from, int to_directory, const char *to) {
  enum action action = meet_at("rename", to_directory, to);
  PERFORM(action, REAL(renameat)(from_directory, from, to_directory, to));
}

int link(const char *from, const char *to) {
  enum action action = meet_at("link", AT_FDCWD, to);
  PERFORM(action, REAL(link)(from, to));
}

int unlink(const char *path) {
  enum action action = meet_at("unlink", AT_FDCWD, path);
  PERFORM(action, REAL(unlink)(path));
}

int unlinkat(int directory, const char *path, int flags) {
  enum action action = meet_at("unlink", directory, path);
  PERFORM(action, REAL(unlinkat)(directory, path, flags));
}

int mkdir(const char *path, mode_t mode) {
  enum action action = meet_at("mkdir", AT_FDCWD, path);
  PERFORM(action, REAL(mkdir)(path, mode));
}

int rmdir(const char *path) {
  enum action action = meet_at("rmdir", AT_FDCWD, path);
  PERFORM(action, REAL(rmdir)(path));
}

/* Opening counts only where it may create or empty a file. */
#define OPEN(name, directory, ...)                                                              \
  mode_t mode = 0;                                                                              \
  if (flags & (O_CREAT | O_TMPFILE)) {                                                          \
    va_list rest;                                                                               \
    va_start(rest, flags);                                                                      \
    mode = va_arg(rest, mode_t);                                                                \
    va_end(rest);                                                                               \
  }                                                                                             \
  enum action action = flags & (O_CREAT | O_TRUNC) ? meet_at("open", directory, path) : NOTHING; \
  PERFORM(action, REAL(name)(__VA_ARGS__, mode))

int open(const char *path, int flags, ...) { OPEN(open, AT_FDCWD, path, flags); }
int open64(const char *path, int flags, ...) { OPEN(open64, AT_FDCWD, path, flags); }
int openat(int directory, const char *path, int flags, ...) { OPEN(openat, directory, directory, path, flags); }
int openat64(int directory, const char *path, int flags, ...) { OPEN(openat64, directory, directory, path, flags); }

int close(int fd) {
  /* Of a file that failed to reach the disk, close may be the first to tell. */
  enum action action = fault.calls && wanted("close") ? meet_fd("close", fd) : NOTHING;
  if (action == FAIL) {
    REAL(close)(fd);
    errno = fault.error;
    return -1;
  }
  PERFORM(action, REAL(close)(fd));
}
