"""Measurements beside peers, in one run on one machine: ``make bench``. Never a timed test."""
