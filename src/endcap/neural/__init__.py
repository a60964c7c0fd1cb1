"""What the neural algorithms share: sequences, negatives, repeatable training. Needs the extra ``neural``; never served."""
