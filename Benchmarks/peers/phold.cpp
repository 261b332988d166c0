// PHOLD as a careful C++ programmer would write it: a 4-ary heap of (time, sequence, slot) keys, a slab of events with
// a free list, a function pointer for each event. 1000 logical processes, a quarter of the events go to another one,
// each has its own xoshiro256++. Prints CPU nanoseconds an event. Arguments: pending events, events.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
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

struct Random {
  uint64_t s[4];
  static uint64_t rotate(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
  uint64_t next() {
    uint64_t result = rotate(s[0] + s[3], 23) + s[0], t = s[1] << 17;
    s[2] ^= s[0], s[3] ^= s[1], s[1] ^= s[2], s[0] ^= s[3], s[2] ^= t, s[3] = rotate(s[3], 45);
    return result;
  }
  double uniform() { return (next() >> 11) * 0x1p-53; }
};

struct Key {
  int64_t time;
  uint64_t sequence;
  uint32_t slot;
};

struct Simulation;
struct Event {
  void (*handle)(Simulation &, Event);
  uint32_t process, hops;
};

static bool before(const Key &a, const Key &b) {
  return a.time != b.time ? a.time < b.time : a.sequence < b.sequence;
}

struct Simulation {
  std::vector<Key> heap;
  std::vector<Event> slab;
  std::vector<uint32_t> free_slots;
  std::vector<Random> randoms;
  std::vector<uint64_t> handled;
  std::vector<int64_t> delays;
  int64_t now = 0;
  uint64_t sequence = 0;

  void schedule(int64_t time, Event event) {
    uint32_t slot;
    if (free_slots.empty()) slot = slab.size(), slab.push_back(event);
    else slot = free_slots.back(), free_slots.pop_back(), slab[slot] = event;
    Key key{time, sequence++, slot};
    size_t hole = heap.size();
    heap.push_back(key);
    while (hole > 0) {
      size_t parent = (hole - 1) / 4;
      if (!before(key, heap[parent])) break;
      heap[hole] = heap[parent];
      hole = parent;
    }
    heap[hole] = key;
  }

  Event take() {
    Key first = heap[0], last = heap.back();
    heap.pop_back();
    size_t count = heap.size(), hole = 0;
    while (count > 0) {
      size_t child = hole * 4 + 1;
      if (child >= count) break;
      size_t end = child + 4 < count ? child + 4 : count, best = child;
      for (size_t c = child + 1; c < end; c++)
        if (before(heap[c], heap[best])) best = c;
      if (!before(heap[best], last)) break;
      heap[hole] = heap[best];
      hole = best;
    }
    if (count > 0) heap[hole] = last;
    now = first.time;
    free_slots.push_back(first.slot);
    return slab[first.slot];
  }
};

static void hop(Simulation &simulation, Event event) {
  Random &random = simulation.randoms[event.process];
  simulation.handled[event.process]++;
  uint32_t target = event.process;
  if (random.uniform() < 0.25) target = uint32_t((unsigned __int128)random.next() * 1000 >> 64);
  int64_t delay = simulation.delays[random.next() & 65535];
  simulation.schedule(simulation.now + delay, Event{hop, target, event.hops + 1});
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  long pending = std::atol(argv[1]), events = std::atol(argv[2]);
  Simulation simulation;
  uint64_t state = 1;
  simulation.delays.resize(65536);
  for (auto &d : simulation.delays) d = int64_t(-std::log(1 - (splitmix(state) >> 11) * 0x1p-53) * 1e9);
  simulation.handled.resize(1000);
  simulation.randoms.resize(1000);
  for (auto &random : simulation.randoms)
    for (auto &word : random.s) word = splitmix(state);
  for (long i = 0; i < pending; i++)
    simulation.schedule(simulation.delays[i & 65535], Event{hop, uint32_t(i % 1000), 0});
  auto run = [&](long count) {
    for (long i = 0; i < count; i++) {
      Event event = simulation.take();
      event.handle(simulation, event);
    }
  };
  run(pending * 2 < events ? pending * 2 : events);
  double start = cpu_ns();
  run(events);
  double end = cpu_ns();
  uint64_t hash = 0;
  for (auto count : simulation.handled) hash = (hash ^ count) * 0x100000001b3ull;
  std::printf("%.3f %016llx\n", (end - start) / events, (unsigned long long)(hash ^ uint64_t(simulation.now)));
}
