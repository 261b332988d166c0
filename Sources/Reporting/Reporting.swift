// Reporting: what a run leaves behind. Tables, tidy CSV, run manifests, all written whole or not at all, and the
// progress line.
