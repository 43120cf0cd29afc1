"""Made-up municipalities to try Kernepuls on. Nothing here is read in daily use."""
