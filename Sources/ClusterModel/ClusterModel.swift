// ClusterModel: a sharded session store in the manner of Redis Cluster. 16384 hash slots, gossip, failover to
// replicas, redirections, and resharding.
//
//   Slots/       key -> hash slot, sets of slots
//   Plans/       who gets which slots: create, reshard, rebalance
//   Nodes/       what a node knows of itself and believes of others
//   Bus/         messages and their sizes
//   Cluster/     the rules of the protocol, one file each: begin with Cluster.swift
//   Data/        keys, commands, redirections, clients, slots on the move
//   Store/       a cluster with its clients and what happens to it: what a platform owns
//   Studies/     failovers, gossip, scripts: what `simrun cluster` runs
