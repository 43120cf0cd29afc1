"""Answers and the tree into everything that is published for a wave, once."""

from analysis.release.making import release, releases, waves_of
from analysis.release.proposals import TrialKind
from analysis.release.published import audit_release

__all__ = ["TrialKind", "audit_release", "release", "releases", "waves_of"]
