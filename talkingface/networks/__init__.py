"""Network definitions in torch, for training and export; the live program never imports this room."""
