"""Tests, in the rooms of the house; ``contracts`` holds one list of tests a seam, ``golden`` known numbers."""
