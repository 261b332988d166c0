// NetModel: links that flows share, and what TCP makes of them.
//
//   Sharing/   FlowNetwork, the one face of two engines: EdgeLink (access classes before one link, virtual time) and
//              SharedNetwork (any topology, water-filling on the affected component)
//   BitRate    the unit of capacities and caps
//
// Flows are fluid: amounts are continuous, and rates change only when a flow or a capacity does.
