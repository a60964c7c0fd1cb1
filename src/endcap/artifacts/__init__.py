"""What training leaves and serving reads: arrays in a few shapes, and the bundle that holds them."""
