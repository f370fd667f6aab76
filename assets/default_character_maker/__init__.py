"""Makes the default character: a modelled presenter, drawn by our own renderer from parameters alone."""
