"""From a short video of a person to a character folder: track, steady, choose a loop, report, write."""

from talkingface.preparation.prepare import prepare_character

__all__ = ["prepare_character"]
