"""Who the customers are: what they will be worth, segments, audiences."""
