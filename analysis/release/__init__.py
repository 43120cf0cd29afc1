"""Answers and the tree into everything that is published for a wave, once."""

from analysis.release.audit import Tried, attacks, audit_release
from analysis.release.making import release, releases, waves_of
from analysis.release.proposals import TrialKind

__all__ = ["TrialKind", "Tried", "attacks", "audit_release", "release", "releases", "waves_of"]
