"""What pages show: a fixed number of queries each, in an order that ends in a unique column. Nothing here writes."""
