// BackendModel: the services behind a play button, as queueing stations that can fail.
//
//   call --> [Gateway] --> [RelationalStore]   accounts, billing: transactions, synchronous standby
//                     `--> [HistoryStore]      what was watched: a ring of nodes, tunable consistency
//                     `--> [SearchCluster]     shards x replicas, fan-out
//            [ObjectStore]                     segments: request rates by prefix, durability
//
// Each part is a value. Its owner holds a `BackendQueue` for the timers of all parts, hands each one back to the part
// that set it, and decides what a reply leads to; no part knows another. docs/models/backend.md has the formulas.
