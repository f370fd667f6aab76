"""Sound to mouth: mouth space, data building, training, evaluation and export of the audio model."""
