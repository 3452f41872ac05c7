/*
 * The load of the benchmarks: all players of all rooms, in one process that spins on its own core.
 *
 *   load <plan>      the plan is described in plan.c
 *
 * Prints `connected` when everybody is live, `measuring` and `measured` around what counts (the caller reads the
 * server's CPU there), and at last `report {…}`, one line of JSON. Latency is from the moment a message is handed to
 * the kernel to the moment one of its deliveries was read. Arrivals are spread evenly: message i is due at i / rate
 * seconds, because bursts would make group commit look free; "late" in the report says how late this process was itself.
 */
#define _GNU_SOURCE
#include "load.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Sent in one go before looking for deliveries again. */
#define SEND_AT_ONCE 8
#define IDLE_WAIT_MS 5
#define MS 1000000ull

/* Shared by all processes: where the run stands. */
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

/* Since the beginning, ns. */
static uint64_t due_at(uint32_t message) {
  return (uint64_t)((double)(message / plan.burst * plan.burst) / plan.rate * 1e9);
}

/* The first message that is due at `ms` or later. */
static uint32_t first_at(uint32_t ms) {
  return (uint32_t)ceil(ms / 1e3 * plan.rate / plan.burst) * plan.burst;
}

static void connect_some(void) {
  static uint32_t next;
  for (; next < plan.player_count && counts->opening < plan.opening; next++) {
    struct player *player = &plan.players[next];
    if (!is_mine(player)) continue;
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
    if (!is_mine(player)) continue;
    sent++;
    if (next >= counts->first) count_late(now_ns() - run->began - due_at(next));
    if (player->phase == LIVE) plan.speech->say(player, next);
  }
  return sent > 0;
}

/* Each second another share of the players moves its cursor, spread over the rooms. */
static bool move_cursors(uint64_t now) {
  static uint32_t next;
  const uint32_t moving = (uint32_t)(plan.player_count * plan.cursor_share);
  if (moving == 0 || plan.speech->cursor == NULL || now >= run->end_at) return false;
  const double seconds = (double)(now - run->began) / 1e9;
  bool any = false;
  for (; next < seconds * moving * plan.cursor_rate; next++) {
    const uint32_t stride = plan.player_count / moving;
    struct player *player = &plan.players[(next % moving * stride + (uint32_t)seconds) % plan.player_count];
    if (player->phase != LIVE || !is_mine(player)) continue;
    plan.speech->cursor(player, next);
    any = true;
  }
  return any;
}

static void tell(const char *line) {
  printf("%s\n", line);
  fflush(stdout);
}

/* Takes the run from one phase to the next. */
static void direct(uint64_t now, uint64_t started) {
  if (run->began == 0) {
    if (now - started > plan.connect_ms_max * MS) die("only %u of %u players came in", counts->live, plan.player_count);
    if (counts->live < plan.player_count) return;
    run->measure_at = now + plan.warmup_ms * MS;
    run->end_at = run->measure_at + plan.measure_ms * MS;
    run->began = now;
    tell("connected");
  } else if (!counts->measuring && run->measured_at == 0 && now >= run->measure_at) {
    run->measure_at = now;
    counts->measuring = true;
    tell("measuring");
  } else if (counts->measuring && now >= run->end_at) {
    run->measured_at = now;
    counts->measuring = false;
    tell("measured");
  } else if (run->measured_at > 0) {
    run->over = everything_came() || now - run->measured_at > plan.settle_ms * MS;
  }
}

static void turn(uint64_t started) {
  const uint64_t now = now_ns();
  if (is_first()) direct(now, started);
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
  run = shared(sizeof *run);
  const uint64_t started = now_ns();
  split();
  open_poll();
  for (turn(started); !run->over; turn(started)) pass_turn();
  end_turns();
  print_report((double)(run->measured_at - run->measure_at) / 1e9);
  return 0;
}
