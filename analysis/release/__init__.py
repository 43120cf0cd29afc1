"""Answers and the tree into everything that is published for a wave, once."""

from analysis.release.making import release, waves_of
from analysis.release.proposals import TrialKind

__all__ = ["TrialKind", "release", "waves_of"]
