"""The live window: the Qt thread paints and listens to the person, a worker thread does all else."""
