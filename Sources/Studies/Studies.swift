// Studies: many runs, one answer. Replications, paired comparisons under common random numbers, sweeps, determinism
// checks.
