// The hold model on std::priority_queue: take out the earliest event, put it back an exponential delay later.
// Prints CPU nanoseconds a hold. Arguments: pending events, holds, bytes of an entry (16 or 32).
// The increments come from a shared table, so that no random generator is measured.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <queue>
#include <vector>

static uint64_t splitmix(uint64_t &state) {
  uint64_t z = (state += 0x9e3779b97f4a7c15ull);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

static double cpu_ns() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

struct Slim {  // Time and sequence alone: what a queue of 16-byte keys would hold.
  int64_t time;
  uint64_t sequence;
  static Slim make(int64_t t, uint64_t s) { return {t, s}; }
};

struct Full {  // The same event as ours: 16 bytes of payload inline.
  int64_t time;
  uint64_t sequence;
  uint64_t payload[2];
  static Full make(int64_t t, uint64_t s) { return {t, s, {s, s}}; }
};

template <class Entry> static void hold(long pending, long holds) {
  struct Later {
    bool operator()(const Entry &a, const Entry &b) const {
      return a.time != b.time ? a.time > b.time : a.sequence > b.sequence;
    }
  };
  std::vector<int64_t> delays(65536);
  uint64_t state = 1;
  for (auto &d : delays) d = int64_t(-std::log(1 - (splitmix(state) >> 11) * 0x1p-53) * 1e9);
  std::priority_queue<Entry, std::vector<Entry>, Later> queue;
  uint64_t sequence = 0;
  for (long i = 0; i < pending; i++) queue.push(Entry::make(delays[sequence & 65535], sequence)), sequence++;
  auto run = [&](long count) {
    for (long i = 0; i < count; i++) {
      Entry e = queue.top();
      queue.pop();
      e.time += delays[sequence & 65535];
      e.sequence = sequence++;
      queue.push(e);
    }
  };
  run(pending * 2 < holds ? pending * 2 : holds);
  double start = cpu_ns();
  run(holds);
  double end = cpu_ns();
  uint64_t hash = 0;
  for (int i = 0; i < 1000 && !queue.empty(); i++) {
    hash = (hash ^ uint64_t(queue.top().time)) * 0x100000001b3ull;
    queue.pop();
  }
  std::printf("%.3f %016llx\n", (end - start) / holds, (unsigned long long)hash);
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  long pending = std::atol(argv[1]), holds = std::atol(argv[2]);
  if (std::atoi(argv[3]) == 16) hold<Slim>(pending, holds);
  else hold<Full>(pending, holds);
}
