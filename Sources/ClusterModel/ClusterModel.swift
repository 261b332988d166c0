// ClusterModel: a sharded session store in the manner of Redis Cluster. 16384 hash slots, gossip, failover to
// replicas, redirections, and resharding.
//
//   Slots/       key -> hash slot, sets of slots
//   Plans/       who gets which slots: create, reshard, rebalance
