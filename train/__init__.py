"""Training of the mouth picture network: data, training, evaluation, export."""
