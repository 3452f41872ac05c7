/*
 * Counts deliveries. Of each message it keeps when it was sent, its seq, and how many players received it. This finds
 * deliveries that are missing, repeated, from another room, or at different seqs for different players.
 */
#include "load.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Latencies are counted in buckets of 1/128 of a power of two: the middle of a bucket is at most 0.4 % off. */
#define FINE_BITS 7
#define FINE (1 << FINE_BITS)
#define BUCKETS (48 * FINE)

struct message {
  uint64_t stamp;
  uint32_t seq, deliveries;
};

struct latencies {
  uint64_t buckets[BUCKETS];
  uint64_t count, max;
  double sum;
};

struct counts *counts;
static struct message *messages;
static struct latencies *latencies, *late;
static uint32_t messages_max;

void make_tally(uint32_t count) {
  messages_max = count;
  messages = shared_memory(((size_t)count + 1) * sizeof *messages);
  latencies = shared_memory(sizeof *latencies);
  late = shared_memory(sizeof *late);
  counts = shared_memory(sizeof *counts);
}

void fault(const struct player *player, const char *what) {
  if (counts->faults++ == 0) {
    snprintf(counts->fault, sizeof counts->fault, "player %u of room %u: %s", player->place, player->room, what);
  }
}

void write_body(uint8_t *body, uint32_t message) {
  if (message >= messages_max) die("more messages than planned");
  struct message *one = &messages[message];
  if (one->stamp == 0) one->stamp = now_ns();
  memcpy(body, &one->stamp, STAMP_BYTES);
  memcpy(body + STAMP_BYTES, &message, sizeof message);
  memset(body + BODY_BYTES_MIN, 'x', plan.body - BODY_BYTES_MIN);
}

static uint32_t bucket_of(uint64_t ns) {
  if (ns < FINE) return (uint32_t)ns;
  const int shift = 63 - __builtin_clzll(ns) - FINE_BITS;
  const uint32_t bucket = (uint32_t)(shift + 1) * FINE + (uint32_t)(ns >> shift) - FINE;
  return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

static double bucket_ms(uint32_t bucket) {
  if (bucket < FINE) return bucket / 1e6;
  const int shift = (int)(bucket / FINE) - 1;
  return ((double)(bucket % FINE + FINE) + 0.5) * (double)(1ull << shift) / 1e6;
}

static void add(struct latencies *to, uint64_t ns) {
  to->buckets[bucket_of(ns)]++;
  to->count++;
  to->sum += (double)ns;
  if (ns > to->max) to->max = ns;
}

void add_lateness(uint64_t ns) { add(late, ns); }

bool message_of(const uint8_t *body, size_t length, uint32_t *message) {
  if (length != plan.body) return false;
  memcpy(message, body + STAMP_BYTES, sizeof *message);
  return *message < messages_max;
}

bool delivered(struct player *player, const uint8_t *body, size_t length, uint64_t now, uint64_t seq) {
  uint32_t number;
  if (!message_of(body, length, &number)) return fault(player, "an unknown body"), false;
  uint64_t stamp;
  memcpy(&stamp, body, STAMP_BYTES);
  struct message *message = &messages[number];
  if (stamp == 0 || stamp != message->stamp) return fault(player, "a changed body"), false;
  if (number % plan.room_count != player->room) return fault(player, "a message of another room"), false;
  if (message->deliveries == plan.rooms[player->room].size) {
    counts->repeated++;
    return fault(player, "a message delivered more often than the room has players"), false;
  }
  if (message->deliveries++ == 0) message->seq = (uint32_t)seq;
  else if (message->seq != (uint32_t)seq) return fault(player, "a message at different seqs for different players"), false;
  if (counts->measuring) counts->during++;
  if (number < counts->first || number >= counts->last) return true;
  counts->delivered++;
  add(latencies, now - stamp);
  return true;
}

static double quantile_ms(const struct latencies *of, double share) {
  const uint64_t wanted = (uint64_t)(share * (double)of->count + 0.999999);
  uint64_t seen = 0;
  for (uint32_t bucket = 0; bucket < BUCKETS; bucket++) {
    seen += of->buckets[bucket];
    if (seen < wanted || seen == 0) continue;
    const double ms = bucket_ms(bucket), max_ms = (double)of->max / 1e6;
    return ms < max_ms ? ms : max_ms;
  }
  return 0;
}

/* Points of the distribution, for a plot whose axis is the number of nines: 0.9, 0.99 … */
static void print_distribution(void) {
  static const double shares[] = {0,    0.01, 0.05,  0.1,   0.2,    0.3,   0.4,   0.5,    0.6,   0.7,    0.75,
                                  0.8,  0.85, 0.9,   0.925, 0.95,   0.965, 0.975, 0.98,   0.985, 0.99,   0.9925,
                                  0.995, 0.9975, 0.999, 0.9995, 0.9999, 1};
  printf(",\"distribution\":[");
  for (size_t at = 0; at < sizeof shares / sizeof *shares; at++) {
    printf("%s[%g,%.4f]", at == 0 ? "" : ",", shares[at], quantile_ms(latencies, shares[at]));
  }
  printf("]");
}

static double since_lost_ms(uint64_t at) {
  return at == 0 ? -1 : (double)(at - counts->lost_at) / 1e6;
}

static uint64_t expected_deliveries(void) {
  static uint64_t expected;
  if (expected > 0) return expected;
  for (uint32_t one = counts->first; one < counts->last; one++) expected += plan.rooms[one % plan.room_count].size;
  return expected;
}

bool all_delivered(void) { return counts->delivered == expected_deliveries(); }

void print_report(double seconds) {
  const uint64_t expected = expected_deliveries();
  printf("report {\"sent\":%u,\"delivered\":%" PRIu64 ",\"during\":%" PRIu64 ",\"expected\":%" PRIu64,
         counts->last - counts->first, counts->delivered, counts->during, expected);
  printf(",\"faults\":%" PRIu64 ",\"firstFault\":\"%s\",\"seconds\":%.4f,\"signals\":%" PRIu64, counts->faults, counts->fault,
         seconds, counts->signals);
  printf(",\"closed\":%u,\"refused\":%u,\"holds\":%u,\"expects\":%u,\"resets\":%u", counts->closed,
         counts->refused, counts->holds, counts->expects, counts->resets);
  printf(",\"p50\":%.4f,\"p90\":%.4f,\"p99\":%.4f,\"p999\":%.4f,\"max\":%.4f,\"mean\":%.4f", quantile_ms(latencies, 0.5),
         quantile_ms(latencies, 0.9), quantile_ms(latencies, 0.99), quantile_ms(latencies, 0.999), (double)latencies->max / 1e6,
         latencies->count == 0 ? 0 : latencies->sum / (double)latencies->count / 1e6);
  printf(",\"lateP99\":%.4f,\"lateMax\":%.4f", quantile_ms(late, 0.99), (double)late->max / 1e6);
  printf(",\"busy\":%.4f", seconds > 0 ? (double)counts->busy_ns / 1e9 / seconds : 0);
  printf(",\"outage\":{\"awayMax\":%u,\"reconnects\":%u,\"halfBackMs\":%.1f,\"back99Ms\":%.1f,\"allBackMs\":%.1f}",
         counts->away_max, counts->reconnects, since_lost_ms(counts->half_at), since_lost_ms(counts->back_99_at),
         since_lost_ms(counts->all_at));
  print_distribution();
  printf("}\n");
  fflush(stdout);
}
