/*
 * Several processes that act as one. A process may open only so many files, often 20,000, so a load of 40,000
 * sockets takes three. All are on the same core; left to the scheduler, each would hold it for milliseconds and
 * the latencies would be the scheduler's. So they pass a token: one runs one turn of its loop, the others sleep.
 * Whoever has the token owns everything that is shared, without further locks.
 *
 * Two of them are hardly ever asleep at once, and Linux 6.18 then lets threads of the kernel on this core wait for
 * half a minute, those that pass requests on to the disk among them. So all sleep for a moment in each millisecond.
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

/* Files that are not players' sockets. */
#define FILES_ASIDE 64
#define PROCESSES_MAX 16
/* So often, and at least so long, all processes sleep. */
#define BREATH_EVERY_NS 1000000ull
#define BREATH_NS 50000

static _Atomic uint32_t *tokens; /* one word per process, so that only the right one wakes; 1 = its turn */
static uint32_t processes = 1, self = 0;
static pid_t children[PROCESSES_MAX];

void *shared(size_t bytes) {
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) die("no shared memory");
  return memory;
}

static void await_turn(void) {
  while (tokens[self] == 0) {
    const struct timespec patience = {.tv_sec = 1};
    syscall(SYS_futex, &tokens[self], FUTEX_WAIT, 0, &patience, NULL, 0);
    /* A process that died with the token would keep the others waiting for ever. */
    if (self == 0 && waitpid(-1, NULL, WNOHANG) > 0) exit(1);
  }
}

void split(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  const uint32_t needed = plan.player_count + FILES_ASIDE;
  if (limit.rlim_max < needed) {
    struct rlimit more = {.rlim_cur = needed, .rlim_max = needed};
    if (setrlimit(RLIMIT_NOFILE, &more) == 0) limit = more;
  }
  setrlimit(RLIMIT_NOFILE, &limit);
  const uint32_t each = (uint32_t)(limit.rlim_cur < needed ? limit.rlim_cur : needed) - FILES_ASIDE;
  processes = (plan.player_count + each - 1) / each;
  if (processes > PROCESSES_MAX) die("%u open files a process are too few", each + FILES_ASIDE);
  tokens = shared(PROCESSES_MAX * sizeof *tokens);
  tokens[0] = 1;
  for (uint32_t other = 1; other < processes; other++) {
    children[other] = fork();
    if (children[other] < 0) die("cannot fork");
    if (children[other] > 0) continue;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    self = other;
    await_turn();
    return;
  }
}

bool is_first(void) { return self == 0; }

/* In turn, so that no process has more than its share of sockets. */
bool is_mine(const struct player *player) {
  return (uint32_t)(player - plan.players) % processes == self;
}

static void breathe(void) {
  static uint64_t breathed;
  if (now_ns() - breathed < BREATH_EVERY_NS) return;
  const struct timespec moment = {.tv_nsec = BREATH_NS};
  nanosleep(&moment, NULL);
  breathed = now_ns();
}

void pass_turn(void) {
  if (processes == 1) return;
  if (self == 0) breathe();
  const uint32_t next = (self + 1) % processes;
  tokens[self] = 0;
  tokens[next] = 1;
  syscall(SYS_futex, &tokens[next], FUTEX_WAKE, 1, NULL, NULL, 0);
  await_turn();
}

void end_turns(void) {
  if (self != 0) _exit(0);
  for (uint32_t other = 1; other < processes; other++) {
    kill(children[other], SIGKILL);
    waitpid(children[other], NULL, 0);
  }
}
