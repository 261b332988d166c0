// Asks the processor to fetch the cache line of an address that will be written soon. Never faults, changes nothing.
static inline void prefetch_line(const void *address) { __builtin_prefetch(address, 1, 3); }
