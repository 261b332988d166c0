// NetModel: links that flows share, and what TCP makes of them. See docs/models/network.md.
//
//   Sharing/   FlowNetwork, the one face of two engines: EdgeLink (access classes before one link, virtual time) and
//              SharedNetwork (any topology, water-filling on the affected component); CompletionAlarm, their one event
//   TCP/       TCPConnection and TCPTransfer: slow start by credit release on either engine; loss caps
//   Capacity/  capacity over time: traces, Markov chains, faults; access classes and providers
//   Files/     the files of `simrun network share` and `simrun network transfer`, and their answers
//   BitRate    the unit of capacities and caps
//
// Flows are fluid: amounts are continuous, and rates change only when a flow or a capacity does.
