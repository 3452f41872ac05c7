/*
 * Several processes that take turns. The number of open files of a process is limited, often to 20,000, so a load of
 * 40,000 sockets takes three processes, all on the same core. If the scheduler alternated them, each would run for
 * milliseconds, and that would be measured as latency. So they pass a token: its holder runs one iteration of its loop
 * while the others sleep. The shared memory belongs to the holder, without further locks.
 *
 * Without a pause, some process is runnable nearly all the time, and Linux 6.18 then delays kernel threads on this core
 * for up to half a minute, also those that submit requests to the disk. So all processes sleep 0.05 ms in each
 * millisecond.
 */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Open files that are not sockets of players. */
#define OTHER_FILES 64
#define PROCESSES_MAX 16
/* All processes sleep at this interval, at least this long. */
#define SLEEP_EVERY_NS 1000000ull
#define SLEEP_NS 50000

static _Atomic uint32_t *tokens; /* one futex per process, so that only the next one is woken; 1 = it has the token */
static uint32_t processes = 1, self = 0;
static pid_t children[PROCESSES_MAX];

void *shared_memory(size_t bytes) {
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) die("no shared memory");
  return memory;
}

static void await_token(void) {
  while (tokens[self] == 0) {
    const struct timespec timeout = {.tv_sec = 1};
    syscall(SYS_futex, &tokens[self], FUTEX_WAIT, 0, &timeout, NULL, 0);
    /* If a process dies with the token, the others would wait for ever. */
    if (self == 0 && waitpid(-1, NULL, WNOHANG) > 0) exit(1);
  }
}

void fork_processes(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  const uint32_t needed = plan.player_count + OTHER_FILES;
  if (limit.rlim_max < needed) {
    struct rlimit more = {.rlim_cur = needed, .rlim_max = needed};
    if (setrlimit(RLIMIT_NOFILE, &more) == 0) limit = more;
  }
  setrlimit(RLIMIT_NOFILE, &limit);
  const uint32_t each = (uint32_t)(limit.rlim_cur < needed ? limit.rlim_cur : needed) - OTHER_FILES;
  processes = (plan.player_count + each - 1) / each;
  if (processes > PROCESSES_MAX) die("a limit of %u open files per process is too low", each + OTHER_FILES);
  tokens = shared_memory(PROCESSES_MAX * sizeof *tokens);
  tokens[0] = 1;
  for (uint32_t other = 1; other < processes; other++) {
    children[other] = fork();
    if (children[other] < 0) die("cannot fork");
    if (children[other] > 0) continue;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    self = other;
    await_token();
    return;
  }
}

bool is_leader(void) { return self == 0; }

/* Players are dealt out round robin, so that each process has its share of sockets. */
bool is_own(const struct player *player) {
  return (uint32_t)(player - plan.players) % processes == self;
}

static void sleep_sometimes(void) {
  static uint64_t slept_at;
  if (now_ns() - slept_at < SLEEP_EVERY_NS) return;
  const struct timespec moment = {.tv_nsec = SLEEP_NS};
  nanosleep(&moment, NULL);
  slept_at = now_ns();
}

void pass_token(void) {
  if (processes == 1) return;
  if (self == 0) sleep_sometimes();
  const uint32_t next = (self + 1) % processes;
  tokens[self] = 0;
  tokens[next] = 1;
  syscall(SYS_futex, &tokens[next], FUTEX_WAKE, 1, NULL, NULL, 0);
  await_token();
}

void stop_processes(void) {
  if (self != 0) _exit(0);
  for (uint32_t other = 1; other < processes; other++) {
    kill(children[other], SIGKILL);
    waitpid(children[other], NULL, 0);
  }
}
