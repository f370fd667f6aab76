"""The maker of the built-in characters: from parameters to modelled, lit and filmed figures."""
