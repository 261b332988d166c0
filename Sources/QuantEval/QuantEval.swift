// QuantEval: what quantizing or pruning a neural network costs. Calibration ranges, scale search, quantization-aware
// training and pruning, measured on the network's own task.
