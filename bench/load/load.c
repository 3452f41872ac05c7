/*
 * The load generator of the benchmarks: all players of all rooms, in one process that polls without pause on its own
 * core.
 *
 *   load <plan>      plan.c describes the plan
 *
 * Prints `connected` when all players are live, `measuring` and `measured` at the ends of the measured stretch (the
 * caller reads the server's CPU there), and finally `report {…}`, one line of JSON. Latency is the time from handing a
 * message to the kernel until one of its deliveries is read. Arrivals are spread evenly, message i is due at i / rate
 * seconds, because bursts would hide the cost of group commit. "late" in the report is how late this process sent.
 */
#define _GNU_SOURCE
#include "load.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* At most this many messages are sent before deliveries are read again. */
#define SEND_AT_ONCE 8
#define IDLE_WAIT_MS 5
#define MS 1000000ull

/* The phase of the run, shared by all processes. */
static struct {
  uint64_t began, measure_at, end_at, measured_at;
  bool over;
} *run;

uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000ull + (uint64_t)time.tv_nsec;
}

void die(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "load: ");
  vfprintf(stderr, format, arguments);
  fprintf(stderr, "\n");
  va_end(arguments);
  exit(1);
}

uint64_t random_bits(void) {
  static uint64_t state;
  if (state == 0) state = now_ns() ^ (uint64_t)getpid() << 32;
  state += 0x9e3779b97f4a7c15ull;
  uint64_t bits = state;
  bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9ull;
  bits = (bits ^ bits >> 27) * 0x94d049bb133111ebull;
  return bits ^ bits >> 31;
}

uint32_t message_number(const struct player *player, uint32_t k) {
  return player->room + plan.room_count * (player->place + plan.rooms[player->room].size * (k - 1));
}

/* When a message is due, in ns since the run began. */
static uint64_t due_at(uint32_t message) {
  return (uint64_t)((double)(message / plan.burst * plan.burst) / plan.rate * 1e9);
}

/* The first message that is due at or after `ms`. */
static uint32_t first_at(uint32_t ms) {
  return (uint32_t)ceil(ms / 1e3 * plan.rate / plan.burst) * plan.burst;
}

static void connect_some(void) {
  static uint32_t next;
  for (; next < plan.player_count && counts->opening < plan.opening; next++) {
    struct player *player = &plan.players[next];
    if (!is_own(player)) continue;
    player->opening = true;
    counts->opening++;
    connect_player(player);
  }
}

static bool send_due(uint64_t now) {
  static uint32_t next;
  int sent = 0;
  for (; next < counts->last && run->began + due_at(next) <= now && sent < SEND_AT_ONCE; next++) {
    const struct room *room = &plan.rooms[next % plan.room_count];
    struct player *player = &plan.players[room->first + next / plan.room_count % room->size];
    player->due++;
    if (!is_own(player)) continue;
    sent++;
    if (next >= counts->first) add_lateness(now_ns() - run->began - due_at(next));
    if (player->phase == LIVE) plan.protocol->send_due(player, next);
  }
  return sent > 0;
}

/* In each second, another share of the players moves its cursor; they are spread over the rooms. */
static bool move_cursors(uint64_t now) {
  static uint32_t next;
  const uint32_t moving = (uint32_t)(plan.player_count * plan.cursor_share);
  if (moving == 0 || plan.protocol->cursor == NULL || now >= run->end_at) return false;
  const double seconds = (double)(now - run->began) / 1e9;
  bool any = false;
  for (; next < seconds * moving * plan.cursor_rate; next++) {
    const uint32_t stride = plan.player_count / moving;
    struct player *player = &plan.players[(next % moving * stride + (uint32_t)seconds) % plan.player_count];
    if (player->phase != LIVE || !is_own(player)) continue;
    plan.protocol->cursor(player, next);
    any = true;
  }
  return any;
}

static void print_line(const char *line) {
  printf("%s\n", line);
  fflush(stdout);
}

/* Moves the run to its next phase when it is time. */
static void advance_phase(uint64_t now, uint64_t started) {
  if (run->began == 0) {
    if (now - started > plan.connect_ms_max * MS) die("only %u of %u players are live", counts->live, plan.player_count);
    if (counts->live < plan.player_count) return;
    run->measure_at = now + plan.warmup_ms * MS;
    run->end_at = run->measure_at + plan.measure_ms * MS;
    run->began = now;
    print_line("connected");
  } else if (!counts->measuring && run->measured_at == 0 && now >= run->measure_at) {
    run->measure_at = now;
    counts->measuring = true;
    print_line("measuring");
  } else if (counts->measuring && now >= run->end_at) {
    run->measured_at = now;
    counts->measuring = false;
    print_line("measured");
  } else if (run->measured_at > 0) {
    run->over = all_delivered() || now - run->measured_at > plan.settle_ms * MS;
  }
}

/* One iteration of the main loop. */
static void step(uint64_t started) {
  const uint64_t now = now_ns();
  if (is_leader()) advance_phase(now, started);
  connect_some();
  reconnect_due(now);
  bool any = run->began > 0 && plan.rate > 0 && send_due(now);
  if (run->began > 0) any |= move_cursors(now);
  const bool idle = run->began > 0 && plan.rate == 0 && plan.cursor_share == 0;
  any |= receive(idle ? IDLE_WAIT_MS : 0);
  if (any && counts->measuring) counts->busy_ns += now_ns() - now;
}

int main(int argc, char **argv) {
  if (argc != 2) die("usage: load <plan>");
  read_plan(argv[1]);
  make_tally(first_at(plan.warmup_ms + plan.measure_ms));
  counts->first = first_at(plan.warmup_ms);
  counts->last = first_at(plan.warmup_ms + plan.measure_ms);
  run = shared_memory(sizeof *run);
  const uint64_t started = now_ns();
  fork_processes();
  open_poll();
  for (step(started); !run->over; step(started)) pass_token();
  stop_processes();
  print_report((double)(run->measured_at - run->measure_at) / 1e9);
  return 0;
}
