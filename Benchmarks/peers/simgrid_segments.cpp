// The segment crowd of simbench in SimGrid's fluid model: VIEWERS LINKS SECONDS -> completions per CPU second.
// Each viewer fetches 1.5 MB every 4 s through a link of its own (one of five rates) and a link shared by some.
// Pure max-min: CM02 without latency, window bound, cross traffic or RTT weights.
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <simgrid/s4u.hpp>
#include <string>
#include <vector>
#include <xbt/log.h>

namespace sg4 = simgrid::s4u;

int main(int argc, char** argv) {
  xbt_log_control_set("root.thresh:warning");
  sg4::Engine engine(&argc, argv);
  if (argc < 4) return 2;
  const int viewers = std::atoi(argv[1]), links = std::atoi(argv[2]);
  const double seconds = std::atof(argv[3]);
  for (const char* setting :
       {"network/model:CM02", "network/crosstraffic:0", "network/TCP-gamma:0", "network/weight-S:0",
        "contexts/stack-size:64"})
    sg4::Engine::set_config(setting);

  const double cap_bytes_per_s[] = {5e6 / 8, 10e6 / 8, 20e6 / 8, 50e6 / 8, 100e6 / 8};
  auto* zone = sg4::create_full_zone("world");
  auto* server = zone->create_host("server", 1e9);
  std::vector<sg4::Link*> shared;
  for (int i = 0; i < links; i++)
    shared.push_back(zone->create_link("edge" + std::to_string(i), 4e6 / 8 * (viewers / links))->set_latency(0)->seal());
  std::vector<sg4::Host*> hosts;
  for (int i = 0; i < viewers; i++) {
    auto* host = zone->create_host("viewer" + std::to_string(i), 1e9);
    auto* access = zone->create_link("access" + std::to_string(i), cap_bytes_per_s[i % 5])->set_latency(0)->seal();
    zone->add_route(server->get_netpoint(), host->get_netpoint(), nullptr, nullptr,
                    {sg4::LinkInRoute(shared[i / (viewers / links)]), sg4::LinkInRoute(access)}, false);
    hosts.push_back(host);
  }
  zone->seal();

  long completed = 0;
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> offset(0, 4);
  for (auto* host : hosts) {
    const double first = offset(random);
    sg4::Actor::create("viewer", host, [host, server, first, seconds, &completed] {
      for (double next = first; next < seconds; next += 4) {
        if (next > sg4::Engine::get_clock()) sg4::this_actor::sleep_until(next);
        sg4::Comm::sendto(server, host, 1500000);
        if (sg4::Engine::get_clock() < seconds) completed++;
      }
    });
  }
  const clock_t begin = clock();
  engine.run();
  std::printf("%.0f\n", completed / (double(clock() - begin) / CLOCKS_PER_SEC));
}
