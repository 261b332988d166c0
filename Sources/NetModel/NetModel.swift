// NetModel: links that flows share. Weighted max-min fairness, exact in virtual time on an edge link and by
// water-filling on general topologies, with TCP start-up by credit release.
